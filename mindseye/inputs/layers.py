"""The layers of a network: which modules fire, where they are addressed, and how their activations are read.

An address is a name of ``named_modules`` (``layer3.5.conv1``). ``#n`` names the n-th call of a module that runs several
times (torchvision's Bottleneck calls its ``relu`` thrice); without it the last call is meant. ``@input`` names what goes
into the module instead of what comes out.
"""

import difflib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mindseye.errors import UserError
from mindseye.inputs.layout import (
    Layout,
    example_input,
    first_tensor,
    guess_layout,
    known_prefix,
    layout_by_stretching,
)

INPUT = "@input"
SURVEY_BATCH = 2
STRETCH = 64


@dataclass(frozen=True)
class Layer:
    """One place in the network where activations can be read.

    address: the name that the user writes. module, call, of_input: what it stands for.
    kind: the module's class. shape: the output's without the batch. grid: positions as (rows, columns), (tokens,) or ().
    cost: share of the forward pass's floating-point operations done when the layer has fired, in [0, 1].
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

    @property
    def positions(self) -> int:
        """Number of positions, 1 for a vector."""
        count = 1
        for extent in self.grid:
            count *= extent
        return count


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
    near = difflib.get_close_matches(name, known, n=4, cutoff=0.4) or known[-4:]
    raise UserError(
        f"no layer {address!r} fires in this network; near: {', '.join(near)} ('mindseye layers MODEL' lists all)"
    )


class Reader:
    """Reads activations with hooks, and stops the forward pass behind the last one that is asked for.

    Used as a context manager: the hooks are gone afterwards, also after an error.

        with Reader(network, layers) as read:
            activations = read(images)      # {address: [batch, channels, positions]}
    """

    def __init__(self, network: nn.Module, layers: Sequence[Layer]) -> None:
        self.network = network
        self.layers = tuple(layers)
        self._hooks = ExitStack()
        self._calls: dict[tuple[str, bool], int] = {}
        self._raw: dict[str, Tensor] = {}
        self._reads = False

    def __enter__(self) -> "Reader":
        modules = dict(self.network.named_modules())
        self._hooks.enter_context(_plain_attention())
        for name, of_input in dict.fromkeys((layer.module, layer.of_input) for layer in self.layers):
            if of_input:
                handle = modules[name].register_forward_pre_hook(self._pre_hook(name))
            else:
                handle = modules[name].register_forward_hook(self._hook(name))
            self._hooks.callback(handle.remove)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hooks.close()
        self._raw.clear()

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Activations [batch, channels, positions] by address, for preprocessed images [batch, channels, height, width]."""
        self._calls.clear()
        self._raw.clear()
        self._reads = True
        try:
            if self.layers:
                with suppress(_AllRead):
                    self.network(images)
        finally:
            self._reads = False
        missing = [layer.address for layer in self.layers if layer.address not in self._raw]
        if missing:
            raise UserError(f"layer {missing[0]!r} did not fire for images of shape {tuple(images.shape)}")
        batch = images.shape[0]
        read = {layer.address: layer.layout.to_positions(self._raw[layer.address], batch) for layer in self.layers}
        self._raw.clear()
        return read

    def _hook(self, name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            self._keep(name, False, output)

        return hook

    def _pre_hook(self, name: str) -> Any:
        def hook(module: nn.Module, inputs: Any) -> None:
            self._keep(name, True, inputs)

        return hook

    def _keep(self, name: str, of_input: bool, value: Any) -> None:
        if not self._reads:  # another reader's forward pass through the same network
            return
        call = self._calls.get((name, of_input), 0)
        self._calls[name, of_input] = call + 1
        wanted = [
            entry for entry in self.layers if (entry.module, entry.call, entry.of_input) == (name, call, of_input)
        ]
        if not wanted:
            return
        tensor = first_tensor(value)
        if tensor is None:
            return
        is_last = len(self._raw) + len(wanted) == len({entry.address for entry in self.layers})
        # A later in-place module (ReLU(inplace=True), "out += identity") would overwrite what was read here.
        kept = tensor if is_last else tensor.clone()
        for entry in wanted:
            self._raw[entry.address] = kept
        if is_last:
            raise _AllRead


class _AllRead(BaseException):
    """Leaves the forward pass once everything is read; no Exception, so that a network's own handlers let it through."""


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Keep PyTorch's fused attention from bypassing the modules (and their hooks) inside an encoder block."""
    was = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was)


def _watch(network: nn.Module, images: Tensor) -> tuple[list[_Firing], int]:
    firings: list[_Firing] = []
    calls: dict[tuple[str, bool], int] = {}
    with ExitStack() as stack:
        counter = stack.enter_context(FlopCounterMode(display=False))
        stack.enter_context(_plain_attention())
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
    channels = firing.shape[1] if layout.axes in ("map", "vector") else firing.shape[-1]
    return Layer(
        address=address,
        module=firing.module,
        call=firing.call,
        calls=calls,
        of_input=firing.of_input,
        kind=type(module).__name__,
        shape=firing.shape[1:],
        layout=layout,
        channels=channels,
        grid=layout.grid(firing.shape, SURVEY_BATCH),
        cost=firing.flops / total if total else 0.0,
    )
