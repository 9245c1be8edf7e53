"""What a forward pass computes before a layer fires: once, where many passes over the same images differ only behind it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from mindseye.layers.layer import Layer


class ForwardPrefix:
    """What modules give that end before a layer has fired, the layer's own module last.

    Recorded during one pass, given out again in later passes over the same images. Of nested modules only the outermost is kept.
    Modules that are called several times, that give no tensor, or whose output something works on in place are computed anew each
    time. Only for networks that give the same for the same images, and without gradients.
    """

    def __init__(self, network: nn.Module, layer: Layer) -> None:
        self._modules = dict(network.named_modules())
        self._layer = layer
        self._outputs: dict[str, tuple[Tensor, int]] = {}
        self._calls: Counter[str] = Counter()
        self._is_whole = False

    @contextmanager
    def record(self) -> Iterator[None]:
        """Passes in here are recorded; the first that reaches the layer counts."""
        with ExitStack() as hooks:
            for name, module in self._modules.items():
                if name and not isinstance(module, torch.jit.ScriptModule):
                    hooks.callback(module.register_forward_hook(self._hook(name)).remove)
            yield

    @contextmanager
    def replay(self) -> Iterator[None]:
        """Passes in here compute only what lies behind the layer, or beside it."""
        with ExitStack() as restored:
            for name, (output, version) in self._outputs.items():
                if self._is_whole and self._calls[name] == 1 and output._version == version:
                    restored.enter_context(_replayed(self._modules[name], output))
            yield

    def _hook(self, name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            call = self._calls[name]
            self._calls[name] += 1
            if self._is_whole:
                return
            for inner in [kept for kept in self._outputs if kept.startswith(f"{name}.")]:
                del self._outputs[inner]
            if isinstance(output, Tensor):
                self._outputs[name] = (output, output._version)
            self._is_whole = (name, call) == (self._layer.module, self._layer.call)

        return hook


@contextmanager
def _replayed(module: nn.Module, output: Tensor) -> Iterator[None]:
    """A module that gives a copy of an output, whatever it is asked; a copy, as what follows may work in place."""
    own = module.__dict__.get("forward")
    module.__dict__["forward"] = lambda *inputs, **options: output.clone()
    try:
        yield
    finally:
        if own is None:
            del module.__dict__["forward"]
        else:
            module.__dict__["forward"] = own
