"""mindseye shows what a vision network has learned: facets of real photos, and the pictures of a layer's features.

    import mindseye as me

    eye = me.Session("resnet50")
    facets = eye.facets("photos", "layer3.5", facets=4)
    pictures = eye.paint(facets.target("layer3.5"))

Everything that is public is listed in ``__all__``. The heavy parts (torch among them) are imported when they are asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mindseye import measures as measures
    from mindseye.api.accentuate import accentuate as accentuate
    from mindseye.api.atlas import atlas as atlas
    from mindseye.api.batch import batch as batch
    from mindseye.api.cache import cache as cache
    from mindseye.api.compare import compare as compare
    from mindseye.api.demo import demo as demo
    from mindseye.api.evaluate import evaluate as evaluate
    from mindseye.api.examples import examples as examples
    from mindseye.api.explain import explain as explain
    from mindseye.api.film import film as film
    from mindseye.api.inspect import inspect as inspect
    from mindseye.api.invert import invert as invert
    from mindseye.api.layers import list_layers as list_layers
    from mindseye.api.open import open_run as open_run
    from mindseye.api.paint import paint as paint
    from mindseye.api.recipe import recipe as recipe
    from mindseye.api.report import write_report as write_report
    from mindseye.api.status import status as status
    from mindseye.api.transfer import transfer as transfer
    from mindseye.api.visualize import visualize as visualize
    from mindseye.errors import UserError as UserError
    from mindseye.facets.target import Target as Target
    from mindseye.layers.layer import Layer as Layer
    from mindseye.models.load import Model as Model
    from mindseye.optimize.canvases.canvas import Canvas as Canvas
    from mindseye.optimize.canvases.canvas import CanvasRequest as CanvasRequest
    from mindseye.optimize.objectives.direction import Direction as Direction
    from mindseye.optimize.objectives.named import Class as Class
    from mindseye.optimize.objectives.named import Named as Named
    from mindseye.optimize.objectives.objective import Objective as Objective
    from mindseye.optimize.objectives.unit import Channel as Channel
    from mindseye.optimize.objectives.unit import LayerNorm as LayerNorm
    from mindseye.optimize.objectives.unit import LogProbability as LogProbability
    from mindseye.optimize.objectives.unit import Neuron as Neuron
    from mindseye.optimize.recipe.recipe import Recipe as Recipe
    from mindseye.optimize.regularizers.regularizer import Regularizer as Regularizer
    from mindseye.optimize.transforms.transform import Transform as Transform
    from mindseye.preprocessing import Preprocessing as Preprocessing
    from mindseye.report.notebook import Run as Run
    from mindseye.workflows.activations import Activations as Activations
    from mindseye.workflows.activations import Layers as Layers
    from mindseye.workflows.atlas.atlas import Atlas as Atlas
    from mindseye.workflows.atlas.comparison import Comparison as Comparison
    from mindseye.workflows.batch.batch import Batch as Batch
    from mindseye.workflows.batch.executor import Began as Began
    from mindseye.workflows.batch.executor import Ended as Ended
    from mindseye.workflows.batch.executor import Executor as Executor
    from mindseye.workflows.batch.executor import Lost as Lost
    from mindseye.workflows.batch.plan import Pack as Pack
    from mindseye.workflows.examples.result import Examples as Examples
    from mindseye.workflows.explanation.result import Explanations as Explanations
    from mindseye.workflows.facets.facets import Facets as Facets
    from mindseye.workflows.facets.facets import FacetTarget as FacetTarget
    from mindseye.workflows.facets.facets import FoundFacet as Facet  # noqa: F401
    from mindseye.workflows.pictures import Pictures as Pictures
    from mindseye.workflows.session import Session as Session
    from mindseye.workflows.transfer.result import Transfer as Transfer

__version__ = "0.1.0"

_HOMES = {
    "mindseye.api": {
        "accentuate": "accentuate",
        "atlas": "atlas",
        "batch": "batch",
        "cache": "cache",
        "compare": "compare",
        "demo": "demo",
        "evaluate": "evaluate",
        "examples": "examples",
        "explain": "explain",
        "film": "film",
        "inspect": "inspect",
        "invert": "invert",
        "list_layers": "layers",
        "open_run": "open",
        "paint": "paint",
        "recipe": "recipe",
        "status": "status",
        "transfer": "transfer",
        "visualize": "visualize",
        "write_report": "report",
    },
    "mindseye.workflows": {
        "Session": "session",
        "Activations": "activations",
        "Atlas": "atlas.atlas",
        "Comparison": "atlas.comparison",
        "Layers": "activations",
        "Facets": "facets.facets",
        "FacetTarget": "facets.facets",
        "Pictures": "pictures",
        "Batch": "batch.batch",
        "Began": "batch.executor",
        "Ended": "batch.executor",
        "Examples": "examples.result",
        "Executor": "batch.executor",
        "Lost": "batch.executor",
        "Pack": "batch.plan",
        "Explanations": "explanation.result",
        "Transfer": "transfer.result",
    },
    "mindseye.optimize": {
        "Canvas": "canvases.canvas",
        "CanvasRequest": "canvases.canvas",
        "Objective": "objectives.objective",
        "Channel": "objectives.unit",
        "Neuron": "objectives.unit",
        "LayerNorm": "objectives.unit",
        "LogProbability": "objectives.unit",
        "Class": "objectives.named",
        "Direction": "objectives.direction",
        "Named": "objectives.named",
        "Recipe": "recipe.recipe",
        "Regularizer": "regularizers.regularizer",
        "Transform": "transforms.transform",
    },
    "mindseye": {
        "UserError": "errors",
        "Preprocessing": "preprocessing",
        "Target": "facets.target",
        "Layer": "layers.layer",
        "Model": "models.load",
        "Run": "report.notebook",
    },
}
_PUBLIC = {name: (f"{room}.{module}", name) for room, modules in _HOMES.items() for name, module in modules.items()} | {
    "Facet": ("mindseye.workflows.facets.facets", "FoundFacet")
}

__all__ = [*sorted(_PUBLIC), "__version__", "measures"]


def __getattr__(name: str) -> Any:
    """Import a public name from where it lives when it is asked for, so that ``--help`` answers at once."""
    if name == "measures":
        return import_module("mindseye.measures")
    if name in _PUBLIC:
        module, attribute = _PUBLIC[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'mindseye' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
