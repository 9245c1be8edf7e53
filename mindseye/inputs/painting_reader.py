"""How a network is read while it is painted from: folded, and compiled where that was asked for."""

from collections.abc import Sequence

from mindseye.inputs.compiled import Compiler
from mindseye.inputs.folded import folded
from mindseye.inputs.layers import Layer
from mindseye.inputs.layout import example_input
from mindseye.inputs.models import Model
from mindseye.inputs.reader import Reader


def painting_reader(model: Model, layers: Sequence[Layer], view: int, compiler: Compiler | None) -> Reader:
    """Reads layers of a model at many steps. view: side of what the network sees. compiler: of a recipe that compiles."""
    example = example_input(model.channels, view, view, 1, model.network)
    network = folded(model.network, layers, example)
    return Reader(network, layers) if compiler is None else compiler.reader(network, layers)
