"""How a network is read while it is painted from: folded, and compiled where that was asked for."""

from collections.abc import Sequence

from mindseye.layers.compiler import Compiler
from mindseye.layers.fold import folded
from mindseye.layers.reader import Reader
from mindseye.layers.survey import Layer
from mindseye.models.load import Model
from mindseye.models.probe import example_input


def painting_reader(model: Model, layers: Sequence[Layer], view: int, compiler: Compiler | None) -> Reader:
    """Reads layers of a model at many steps. view: side of what the network sees. compiler: of a recipe that compiles."""
    example = example_input(model.in_channels, view, view, 1, model.network)
    network = folded(model.network, layers, example)
    return Reader(network, layers) if compiler is None else compiler.reader(network, layers)
