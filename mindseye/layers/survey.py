"""The survey of a network: which of its modules fire when it looks at an image, in which order, and with what shapes."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mindseye.errors import UserError
from mindseye.layers.layer import INPUT, Layer
from mindseye.layers.layout import Layout, guess_layout, known_prefix, layout_by_stretching
from mindseye.models.freeze import disable_fast_attention
from mindseye.models.output_parts import first_tensor
from mindseye.models.probe import example_input

SURVEY_BATCH = 2
STRETCH = 64


@dataclass(frozen=True)
class _Firing:
    module: str
    call: int
    of_input: bool
    shape: tuple[int, ...]
    flops: int


def survey(network: nn.Module, size: int, in_channels: int = 3) -> list[Layer]:
    """Every address that fires, in the order of firing, for square images of this size.

    One forward pass with two images; a second one with wider images only where a shape leaves the axes open.

    Raises:
        UserError: if the network does not take images of this size and number of input channels.
    """
    try:
        firings, total = _watch(network, example_input(in_channels, size, size, SURVEY_BATCH, network))
    except (RuntimeError, ValueError, AssertionError, TypeError, IndexError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"the network does not take {in_channels}-channel images of {size} px ({reason}); try another --size"
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
                stretched = _stretched_shapes(network, size, in_channels)
            key = (firing.module, firing.call, firing.of_input)
            layout = layout_by_stretching(firing.shape, stretched.get(key, firing.shape))
        layers.append(_describe(firing, layout, modules[firing.module], calls[firing.module], total))
    return layers


def _watch(network: nn.Module, images: Tensor) -> tuple[list[_Firing], int]:
    firings: list[_Firing] = []
    calls: dict[tuple[str, bool], int] = {}
    with ExitStack() as stack:
        counter = stack.enter_context(FlopCounterMode(display=False))
        stack.enter_context(disable_fast_attention())
        stack.enter_context(torch.no_grad())

        def record(name: str, of_input: bool, value: Any) -> None:
            call = calls.get((name, of_input), 0)
            calls[name, of_input] = call + 1
            tensor = first_tensor(value)
            if tensor is not None:
                firings.append(_Firing(name, call, of_input, tuple(tensor.shape), counter.get_total_flops()))

        for name, module in network.named_modules():
            if name:
                stack.callback(module.register_forward_pre_hook(lambda m, i, name=name: record(name, True, i)).remove)
                stack.callback(module.register_forward_hook(lambda m, i, o, name=name: record(name, False, o)).remove)
        network(images)
        return firings, counter.get_total_flops()


def _stretched_shapes(network: nn.Module, size: int, in_channels: int) -> dict[tuple[str, int, bool], tuple[int, ...]]:
    try:
        firings, _ = _watch(network, example_input(in_channels, size, size + STRETCH, SURVEY_BATCH, network))
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
