"""How the activations of layers are read: with hooks, in one forward pass that goes no further than it must."""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from mindseye.errors import UserError
from mindseye.layers.layer import Layer
from mindseye.models.freeze import disable_fast_attention
from mindseye.models.output_parts import first_tensor, part_of

Activations = dict[str, Tensor]


class Reader:
    """Reads activations with hooks, and stops the forward pass behind the last one that is asked for.

    Used as a context manager: the hooks are gone afterwards, also after an error. stops: where not, the network runs to its
    end, so that the pass can be compiled.

        with Reader(network, layers) as read:
            activations = read(images)      # {address: [batch, channels, positions]}
    """

    def __init__(self, network: nn.Module, layers: Sequence[Layer], stops: bool = True) -> None:
        self.network = network
        self.layers = tuple(layers)
        self._stops = stops
        self._hooks = ExitStack()
        self._calls: dict[tuple[str, bool], int] = {}
        self._raw: dict[str, Tensor] = {}
        self._reads = False

    def __enter__(self) -> "Reader":
        modules = dict(self.network.named_modules())
        self._hooks.enter_context(disable_fast_attention())
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

    def __call__(self, images: Tensor) -> Activations:
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
            self._calls.clear()
        missing = [layer.address for layer in self.layers if layer.address not in self._raw]
        if missing:
            raise UserError(f"layer {missing[0]!r} gave no activations for images of shape {tuple(images.shape)}")
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
            # Channels come first in the copy, as they will be read: with channels last it would be copied twice.
            ends = is_last and self._stops
            self._raw[layer.address] = tensor if ends else tensor.clone(memory_format=torch.contiguous_format)
        if is_last and self._stops:
            raise _AllRead


class _AllRead(BaseException):
    """Leaves the forward pass once everything is read; no Exception, so that a network's own handlers let it through."""
