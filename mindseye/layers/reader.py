"""How the activations of layers are read: with hooks, in one forward pass that goes no further than it must."""

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext, suppress
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from mindseye.errors import UserError
from mindseye.layers.layer import Layer, no_gradient
from mindseye.layers.residual import Branches
from mindseye.models.freeze import disable_fast_attention, run_eagerly, seed_pass
from mindseye.models.output_parts import first_tensor, part_of

SEED = 0
Activations = dict[str, Tensor]
NO_BRANCHES = Branches()


class Reader:
    """Reads activations with hooks, and stops the forward pass behind the last one that is asked for.

    Used as a context manager: the hooks are gone afterwards, also after an error. stops: where not, the network runs to its
    end, so that the pass can be compiled. branches: whose gradient is scaled; what is read of them is read before.

        with Reader(network, layers) as read:
            activations = read(images)      # {address: [batch, channels, positions]}
    """

    def __init__(
        self, network: nn.Module, layers: Sequence[Layer], stops: bool = True, branches: Branches = NO_BRANCHES
    ) -> None:
        self.network = network
        self.layers = tuple(layers)
        self._stops = stops
        self.branches = branches
        self._hooks = ExitStack()
        self._calls: dict[tuple[str, bool], int] = {}
        self._raw: dict[str, Tensor] = {}
        self._reads = False
        self._depth = 0
        self._singly = any(layer.reading.singly for layer in self.layers)
        self._seeded = any(layer.reading.seeded for layer in self.layers)
        self._copied = any(layer.reading.copied for layer in self.layers)

    def __enter__(self) -> "Reader":
        modules = dict(self.network.named_modules())
        self._hooks.enter_context(disable_fast_attention())
        self._hooks.enter_context(run_eagerly(self.network))
        places = [(layer.module, layer.of_input) for layer in self.layers]
        places += [(name, False) for name, _ in sorted(self.branches.calls)]
        for name, of_input in dict.fromkeys(places):
            if of_input:
                handle = modules[name].register_forward_pre_hook(self._pre_hook(name))
            else:
                handle = modules[name].register_forward_hook(self._hook(name))
                if not name:
                    self._hooks.callback(self.network.register_forward_pre_hook(self._enter).remove)
            self._hooks.callback(handle.remove)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hooks.close()
        self._raw.clear()

    def __call__(self, images: Tensor) -> Activations:
        """Activations [images, channels, positions] by address, for preprocessed images [images, planes, height, width].

        Raises:
            UserError: if a layer gives nothing, other numbers of images or channels than it should, or no gradient where the
                images want one.
        """
        if self._singly and len(images) > 1:
            single = [self._read(images[place : place + 1]) for place in range(len(images))]
            return {address: torch.cat([read[address] for read in single]) for address in single[0]}
        return self._read(images)

    def _read(self, images: Tensor) -> Activations:
        self._calls.clear()
        self._raw.clear()
        self._depth = 0
        self._reads = True
        try:
            if self.layers:
                seeded = seed_pass(SEED, images.device) if self._seeded else nullcontext()
                with suppress(_AllRead), seeded:
                    self.network(images.clone() if self._copied else images)
        finally:
            self._reads = False
            self._calls.clear()
        missing = [layer.address for layer in self.layers if layer.address not in self._raw]
        if missing:
            raise UserError(f"layer {missing[0]!r} gave no activations for images of shape {tuple(images.shape)}")
        wants_gradient = images.requires_grad and torch.is_grad_enabled()
        read = {layer.address: _to_positions(layer, self._raw[layer.address], len(images)) for layer in self.layers}
        for address, activation in read.items():
            if wants_gradient and not activation.requires_grad:
                raise UserError(no_gradient(address))
        self._raw.clear()
        return read

    def _hook(self, name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> Any:
            if not name:
                self._depth -= 1
                if self._depth:
                    return None  # a network that calls itself: what it gives is what its outermost call gives
            if not self._reads:  # another reader's forward pass through the same network
                return None
            call = self._count(name, False)
            self._keep(name, call, False, output)
            return self.branches.scale((name, call), output)

        return hook

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        self._depth += 1

    def _pre_hook(self, name: str) -> Any:
        def hook(module: nn.Module, inputs: Any) -> None:
            if self._reads:
                self._keep(name, self._count(name, True), True, inputs)

        return hook

    def _count(self, name: str, of_input: bool) -> int:
        """The number of this call."""
        call = self._calls.get((name, of_input), 0)
        self._calls[name, of_input] = call + 1
        return call

    def _keep(self, name: str, call: int, of_input: bool, value: Any) -> None:
        due = [layer for layer in self.layers if (layer.module, layer.call, layer.of_input) == (name, call, of_input)]
        if not due:
            return
        read_now = {layer.address for layer in due}
        is_last = len(self._raw) + len(read_now) == len({layer.address for layer in self.layers})
        for layer in due:
            tensor = first_tensor(part_of(value, layer.path))
            if tensor is None:
                return
            # A later in-place module (ReLU(inplace=True), "out += identity") would overwrite what was read here.
            ends = is_last and self._stops
            self._raw[layer.address] = tensor if ends else tensor.clone()
        if is_last and self._stops:
            raise _AllRead


class _AllRead(BaseException):
    """Leaves the forward pass once everything is read; no Exception, so that a network's own handlers let it through."""


def _to_positions(layer: Layer, activation: Tensor, images: int) -> Tensor:
    """An activation as [images, channels, positions], refused where it is not of so many images and the layer's channels."""
    try:
        read = layer.layout.to_positions(activation, images)
    except ValueError as error:
        raise UserError(f"layer {layer.address!r} {error}: its entries cannot be told apart by image") from error
    if read.shape[:2] != (images, layer.channels):
        raise UserError(
            f"layer {layer.address!r} gives {list(activation.shape)} for {images} images, where {layer.channels} channels "
            "for each were seen before"
        )
    return read
