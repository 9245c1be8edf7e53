"""Tables of results as pandas frames, for those who have pandas."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from mindseye.errors import UserError


def frame(rows: Sequence[Mapping[Any, Any]], index: Sequence[Any] | None = None) -> Any:
    """A ``pandas.DataFrame`` with a row for each mapping, its keys the columns.

    Raises:
        UserError: if pandas is not installed.
    """
    return _pandas().DataFrame(list(rows), index=None if index is None else list(index))


def read_frame(path: Path) -> Any:
    """The table in a Parquet or CSV file as a ``pandas.DataFrame``.

    Raises:
        UserError: if pandas is not installed.
    """
    pandas = _pandas()
    return pandas.read_parquet(path) if path.suffix == ".parquet" else pandas.read_csv(path)


def _pandas() -> Any:
    try:
        return import_module("pandas")
    except ImportError as error:
        raise UserError("a table as a frame wants pandas: pip install pandas") from error
