"""A layer: one place in the network where activations can be read, and the address that names it.

An address is a name of ``named_modules`` (``layer3.5.conv1``). ``#n`` names the n-th call of a module that runs several
times (torchvision's Bottleneck calls its ``relu`` thrice); without it the last call is meant. ``@input`` names what goes
into the module instead of what comes out.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isqrt

from mindseye.errors import UserError
from mindseye.layers.layout import Layout
from mindseye.wording import did_you_mean

INPUT = "@input"


@dataclass(frozen=True)
class Reading:
    """How images must be given to a network so that a layer answers each of them for itself; see ``survey``.

    singly: one image at a time, where images that lie beside each other in a batch change each other's answers. seeded: with
    random numbers from a seed, where the network draws some. copied: as a copy, where the network works in place on its input.
    """

    singly: bool = False
    seeded: bool = False
    copied: bool = False


@dataclass(frozen=True)
class Layer:
    """One place in the network where activations can be read.

    address: the name that the user writes. module, call, of_input: what it stands for.
    kind: the module's class. shape: the output's without the batch. grid: positions as (rows, columns), (tokens,) or ().
    cost: share of the forward pass's floating-point operations done when the layer has fired, in [0, 1].
    path: names that lead to the part of a structured output that is read; empty for its first tensor.
    reading: how images must be given to the network. has_gradient: gradients of what is read here reach the image.
    """

    address: str
    module: str
    call: int
    calls: int
    of_input: bool
    kind: str
    shape: tuple[int, ...]
    layout: Layout
    channels: int
    grid: tuple[int, ...]
    cost: float
    path: tuple[str, ...] = ()
    reading: Reading = Reading()
    has_gradient: bool = True

    @property
    def positions(self) -> int:
        """Number of positions, 1 for a vector."""
        count = 1
        for extent in self.grid:
            count *= extent
        return count

    @property
    def rows_and_columns(self) -> tuple[int, int] | None:
        """The grid that the positions form, row by row: a map's, or that of tokens that fill a square; None without one.

        Position (x, y) = (column, row) has the index y * columns + x. Windows folded into the batch axis form no grid:
        their positions run window by window.
        """
        if len(self.grid) == 2:
            return self.grid[0], self.grid[1]
        if len(self.grid) != 1 or self.layout.axes == "map_last":
            return None
        if self.layout.order in ("windows", "copies"):
            return None
        side = isqrt(self.positions)
        return (side, side) if side * side == self.positions else None


class Survey(list[Layer]):
    """Every layer of a network that can be read, in the order of firing.

    unreadable: why other addresses that fire cannot be read. notes: lines on what is unusual in how the network is read.
    """

    def __init__(self, layers: Iterable[Layer], unreadable: Mapping[str, str], notes: Sequence[str]) -> None:
        super().__init__(layers)
        self.unreadable = dict(unreadable)
        self.notes = tuple(notes)


def list_outputs(layers: Sequence[Layer]) -> list[Layer]:
    """The layers to list: outputs only, a module's last call under its plain name after its numbered ones."""
    listed = []
    for layer in layers:
        if layer.of_input:
            continue
        if layer.calls > 1:
            listed.append(layer)
        if layer.call == layer.calls - 1:
            listed.append(replace(layer, address=layer.module))
    return listed


def check_address(address: object) -> str:
    """The address of a layer, refused if it is anything but words.

    Raises:
        UserError: naming what it is.
    """
    if not isinstance(address, str) or not address:
        raise UserError(f"layer is the address of a layer, such as 'layer3.5', not {address!r}")
    return address


def position_index(position: tuple[int, int], layer: Layer, name: str) -> int:
    """The index of a position (x, y) of a layer. name: how the layer is called in messages.

    Raises:
        UserError: if the layer has no rows and columns, or no such position, with the valid range.
    """
    (x, y), grid = position, layer.rows_and_columns
    if grid is None:
        raise UserError(f"layer {name!r} has no rows and columns: leave the position @{x},{y} out")
    rows, columns = grid
    if not (0 <= x < columns and 0 <= y < rows):
        raise UserError(f"position @{x},{y} is outside layer {name!r}: x is 0-{columns - 1}, y is 0-{rows - 1}")
    return y * columns + x


def find_layer(layers: Sequence[Layer], address: str) -> Layer:
    """The layer at an address.

    Raises:
        UserError: if nothing fires there, with the nearest addresses, or what fires there cannot be read.
    """
    check_address(address)
    name, of_input = (address[: -len(INPUT)], True) if address.endswith(INPUT) else (address, False)
    module, _, number = name.partition("#")
    there = [layer for layer in layers if layer.module == module and layer.of_input == of_input]
    if number:
        there = [layer for layer in there if number.isdecimal() and layer.call == int(number)]
    if there:
        return replace(there[-1], address=address)
    if isinstance(layers, Survey):
        calls = [
            known for known in layers.unreadable if known.startswith(f"{module}#") and (INPUT in known) == of_input
        ]
        for known in [address] if number else [address, *calls[-1:]]:
            if known in layers.unreadable:
                raise UserError(f"layer {address!r} cannot be read: it {layers.unreadable[known]}; name another layer")
    listed = list(dict.fromkeys(layer.address for layer in list_outputs(layers)))
    near = [other for other in listed if other.endswith(f".{name}")][:4]
    near = near or difflib.get_close_matches(name, listed, n=4, cutoff=0.4)
    hint = did_you_mean(near) or "none has a name like it"
    raise UserError(f"no layer {address!r} fires in this network; {hint} ('mindseye layers MODEL' lists all)")


def check_gradients(layers: Iterable[Layer]) -> None:
    """Refuse to paint from layers whose gradients do not reach the image.

    Raises:
        UserError: naming the first of them.
    """
    for layer in layers:
        if not layer.has_gradient:
            raise UserError(no_gradient(layer.address))


def no_gradient(address: str) -> str:
    """Why nothing can be painted from a layer, and what can be done."""
    return (
        f"no gradient reaches the image from layer {address!r}, which the network computes under no_grad, inference_mode or "
        "detach, or outside of PyTorch: it can be measured (mindseye examples) but not painted; let gradients through in "
        "the network's forward, or name an earlier layer"
    )
