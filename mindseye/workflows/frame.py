"""Tables of results as pandas frames, for those who have pandas."""

from collections.abc import Mapping, Sequence
from typing import Any

from mindseye.errors import UserError


def frame(rows: Sequence[Mapping[Any, Any]], index: Sequence[Any] | None = None) -> Any:
    """A ``pandas.DataFrame`` with a row for each mapping, its keys the columns.

    Raises:
        UserError: if pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise UserError("a table as a frame wants pandas: pip install pandas") from error
    return pd.DataFrame(list(rows), index=None if index is None else list(index))
