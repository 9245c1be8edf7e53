"""mindseye shows what a vision network has learned: facets of real photos, and the pictures of a layer's features."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mindseye.api import visualize
    from mindseye.errors import UserError
    from mindseye.evaluation import evaluate
    from mindseye.report.notebook import Run

__version__ = "0.1.0"
__all__ = ["Run", "UserError", "evaluate", "visualize"]

_HOMES = {
    "visualize": "mindseye.api",
    "evaluate": "mindseye.evaluation",
    "UserError": "mindseye.errors",
    "Run": "mindseye.report.notebook",
}


def __getattr__(name: str) -> Any:
    """Import the heavy parts (torch among them) only when they are asked for, so that ``--help`` answers at once."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mindseye' has no attribute {name!r}")
