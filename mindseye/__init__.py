"""mindseye shows what a vision network has learned: facets of real photos, and the pictures of a layer's features."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mindseye.api.accentuate import accentuate
    from mindseye.api.batch import Batch, batch
    from mindseye.api.cache import cache
    from mindseye.api.examples import examples
    from mindseye.api.explain import explain
    from mindseye.api.film import film
    from mindseye.api.inspect import inspect
    from mindseye.api.invert import invert
    from mindseye.api.open import open_run
    from mindseye.api.paint import paint
    from mindseye.api.report import write_report
    from mindseye.api.status import status
    from mindseye.api.transfer import transfer
    from mindseye.api.visualize import visualize
    from mindseye.errors import UserError
    from mindseye.report.notebook import Run
    from mindseye.workflows.evaluation.evaluate import evaluate

__version__ = "0.1.0"
__all__ = [
    "Batch",
    "Run",
    "UserError",
    "accentuate",
    "batch",
    "cache",
    "evaluate",
    "examples",
    "explain",
    "film",
    "inspect",
    "invert",
    "open_run",
    "paint",
    "status",
    "transfer",
    "visualize",
    "write_report",
]

_HOMES = {
    "visualize": "mindseye.api.visualize",
    "paint": "mindseye.api.paint",
    "inspect": "mindseye.api.inspect",
    "invert": "mindseye.api.invert",
    "accentuate": "mindseye.api.accentuate",
    "examples": "mindseye.api.examples",
    "explain": "mindseye.api.explain",
    "batch": "mindseye.api.batch",
    "status": "mindseye.api.status",
    "evaluate": "mindseye.workflows.evaluation.evaluate",
    "transfer": "mindseye.api.transfer",
    "film": "mindseye.api.film",
    "cache": "mindseye.api.cache",
    "open_run": "mindseye.api.open",
    "write_report": "mindseye.api.report",
    "UserError": "mindseye.errors",
    "Batch": "mindseye.api.batch",
    "Run": "mindseye.report.notebook",
}


def __getattr__(name: str) -> Any:
    """Import the heavy parts (torch among them) only when they are asked for, so that ``--help`` answers at once."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mindseye' has no attribute {name!r}")
