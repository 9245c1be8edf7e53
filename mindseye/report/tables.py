"""Tables for a terminal."""

from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table

from mindseye.layers.layer import Layer, list_outputs
from mindseye.layers.stages import stages
from mindseye.models.load import Model

WIDTH = 200


def layer_table(model: Model, network: Sequence[Layer], contains: str = "") -> str:
    """Every address that fires: kind, output shape, channels, share of the forward cost spent up to there.

    A star marks the stages that ``--layers auto`` takes. contains: keep only addresses and kinds with this text.
    """
    chosen = {stage.address for stage in stages(model.network, network)}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("layer", "kind", "shape"):
        table.add_column(heading, no_wrap=True)
    for heading in ("channels", "positions", "cost"):
        table.add_column(heading, justify="right")
    for layer in list_outputs(network):
        if contains.lower() in layer.address.lower() or contains.lower() in layer.kind.lower():
            star = "*" if layer.address in chosen else " "
            shape, grid = " x ".join(map(str, layer.shape)), " x ".join(map(str, layer.grid)) or "1"
            table.add_row(f"{star} {layer.address}", layer.kind, shape, str(layer.channels), grid, f"{layer.cost:.1%}")
    if not table.row_count:
        return f"no layer of {model.name} has {contains!r} in its address or kind"
    text = StringIO()
    Console(file=text, width=WIDTH, color_system=None).print(table)
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    return "\n".join([*lines, "", f"{model.name}, weights: {model.weights}; * one per stage, what --layers auto takes"])
