"""The layers of a network: which modules fire, and where they are addressed.

An address is a name of ``named_modules`` (``layer3.5.conv1``). ``#n`` names the n-th call of a module that runs several
times (torchvision's Bottleneck calls its ``relu`` thrice); without it the last call is meant. ``@input`` names what goes
into the module instead of what comes out.
"""

import difflib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import isqrt
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mindseye.errors import UserError
from mindseye.layers.layout import Layout, guess_layout, known_prefix, layout_by_stretching
from mindseye.models.freeze import plain_attention
from mindseye.models.output_parts import first_tensor
from mindseye.models.probe import example_input

INPUT = "@input"
SURVEY_BATCH = 2
STRETCH = 64


@dataclass(frozen=True)
class Layer:
    """One place in the network where activations can be read.

    address: the name that the user writes. module, call, of_input: what it stands for.
    kind: the module's class. shape: the output's without the batch. grid: positions as (rows, columns), (tokens,) or ().
    cost: share of the forward pass's floating-point operations done when the layer has fired, in [0, 1].
    path: names that lead to the part of a structured output that is read; empty for its first tensor.
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
        if self.layout.axes == "tokens" and self.shape[0] - self.layout.prefix != self.positions:
            return None
        side = isqrt(self.positions)
        return (side, side) if side * side == self.positions else None


@dataclass(frozen=True)
class _Firing:
    module: str
    call: int
    of_input: bool
    shape: tuple[int, ...]
    flops: int


def survey(network: nn.Module, size: int, channels: int = 3) -> list[Layer]:
    """Every address that fires, in the order of firing, for square images of this size.

    One forward pass with two images; a second one with wider images only where a shape leaves the axes open.

    Raises:
        UserError: if the network does not take images of this size and number of channels.
    """
    try:
        firings, total = _watch(network, example_input(channels, size, size, SURVEY_BATCH, network))
    except (RuntimeError, ValueError, AssertionError, TypeError, IndexError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"the network does not take {channels}-channel images of {size} px ({reason}); try another --size"
        ) from error
    modules = dict(network.named_modules())
    prefix = known_prefix(network)
    stretched: dict[tuple[str, int, bool], tuple[int, ...]] | None = None
    calls: dict[str, int] = {}
    for firing in firings:
        calls[firing.module] = max(calls.get(firing.module, 0), firing.call + 1)
    layers = []
    for firing in firings:
        try:
            layout = guess_layout(modules[firing.module], firing.shape, SURVEY_BATCH, prefix)
        except ValueError:
            continue
        if layout is None:
            if stretched is None:
                stretched = _stretched_shapes(network, size, channels)
            key = (firing.module, firing.call, firing.of_input)
            layout = layout_by_stretching(firing.shape, stretched.get(key, firing.shape))
        layers.append(_describe(firing, layout, modules[firing.module], calls[firing.module], total))
    return layers


def outputs(layers: Sequence[Layer]) -> list[Layer]:
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


def find_layer(layers: Sequence[Layer], address: str) -> Layer:
    """The layer at an address.

    Raises:
        UserError: if nothing fires there, with the nearest addresses.
    """
    name, of_input = (address[: -len(INPUT)], True) if address.endswith(INPUT) else (address, False)
    module, _, number = name.partition("#")
    there = [layer for layer in layers if layer.module == module and layer.of_input == of_input]
    if number:
        there = [layer for layer in there if number.isdecimal() and layer.call == int(number)]
    if there:
        return replace(there[-1], address=address)
    known = list(dict.fromkeys(layer.address for layer in outputs(layers)))
    near = difflib.get_close_matches(name, known, n=4, cutoff=0.4)
    hint = f"near: {', '.join(near)}" if near else "none has a name like it"
    raise UserError(f"no layer {address!r} fires in this network; {hint} ('mindseye layers MODEL' lists all)")


def _watch(network: nn.Module, images: Tensor) -> tuple[list[_Firing], int]:
    firings: list[_Firing] = []
    calls: dict[tuple[str, bool], int] = {}
    with ExitStack() as stack:
        counter = stack.enter_context(FlopCounterMode(display=False))
        stack.enter_context(plain_attention())
        stack.enter_context(torch.no_grad())

        def note(name: str, of_input: bool, value: Any) -> None:
            call = calls.get((name, of_input), 0)
            calls[name, of_input] = call + 1
            tensor = first_tensor(value)
            if tensor is not None:
                firings.append(_Firing(name, call, of_input, tuple(tensor.shape), counter.get_total_flops()))

        for name, module in network.named_modules():
            if name:
                stack.callback(module.register_forward_pre_hook(lambda m, i, name=name: note(name, True, i)).remove)
                stack.callback(module.register_forward_hook(lambda m, i, o, name=name: note(name, False, o)).remove)
        network(images)
        return firings, counter.get_total_flops()


def _stretched_shapes(network: nn.Module, size: int, channels: int) -> dict[tuple[str, int, bool], tuple[int, ...]]:
    try:
        firings, _ = _watch(network, example_input(channels, size, size + STRETCH, SURVEY_BATCH, network))
    except (RuntimeError, ValueError, AssertionError, TypeError, IndexError):
        return {}
    return {(firing.module, firing.call, firing.of_input): firing.shape for firing in firings}


def _describe(firing: _Firing, layout: Layout, module: nn.Module, calls: int, total: int) -> Layer:
    address = firing.module + (f"#{firing.call}" if calls > 1 else "") + (INPUT if firing.of_input else "")
    return Layer(
        address=address,
        module=firing.module,
        call=firing.call,
        calls=calls,
        of_input=firing.of_input,
        kind=type(module).__name__,
        shape=firing.shape[1:],
        layout=layout,
        channels=layout.channels(firing.shape),
        grid=layout.grid(firing.shape, SURVEY_BATCH),
        cost=firing.flops / total if total else 0.0,
    )
