"""``torch.compile`` for the forward passes of a painting, kept where it is faster.

Whether it is depends on network, layers, batch and device (on a processor from half as fast to half as fast again), and
some networks cannot be compiled. So each kind of pass is tried once, against the plain one and on the very images.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import FunctionType, TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from mindseye.errors import one_line
from mindseye.layers.reader import Activations, Reader
from mindseye.layers.survey import Layer
from mindseye.models.freeze import hooks_of, plain_attention, twin

TRIALS = 5
WORTH = 1.05
"""How many times as fast a compiled step must be at least, so that noise does not decide."""
MODES = {"cuda": ("reduce-overhead", "default")}
"""Of ``torch.compile``, by kind of device; ``reduce-overhead`` are CUDA graphs."""
AGREES = {torch.float32: 0.01, torch.float64: 1e-6}
"""Largest difference between compiled and plain, as lengths relative to the plain one's; lower precisions: ``AGREES_LOWER``.

Where rounding tips a value over a kink of the network, a part of the gradient is another one: .003 was seen."""
AGREES_LOWER = 0.1

WAITS = {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}
TINY = torch.finfo(torch.float32).tiny

Pass = Callable[[Tensor], Activations]


class Compiler:
    """The compiled passes of a painting, for as long as its network is painted from.

    verdicts: a line on each kind of pass that was tried, in their order.
    """

    def __init__(self) -> None:
        self.verdicts: list[str] = []
        self._held = ExitStack()
        self._found: dict[object, Pass | None] = {}

    def __enter__(self) -> "Compiler":
        # Longer than any reader that is held: it would leave switched off what it found so.
        self._held.enter_context(plain_attention())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()
        self._found.clear()

    def reader(self, network: nn.Module, layers: Sequence[Layer]) -> Reader:
        """A reader of layers whose passes with a gradient are compiled, where that is faster.

        network: the same each time, or a copy of it: what was compiled of one is used for the other.
        """
        return _CompiledReader(self, network, layers)

    def faster(self, network: nn.Module, layers: Sequence[Layer], images: Tensor, plain: Pass) -> Pass | None:
        """A compiled pass for such images that agrees with the plain one and is faster; None where there is none."""
        kind = _kind(layers, images)
        if kind not in self._found:
            self._found[kind] = self._try(network, layers, images.detach(), plain)
        return self._found[kind]

    def _try(self, network: nn.Module, layers: Sequence[Layer], images: Tensor, plain: Pass) -> Pass | None:
        best, fastest = None, WORTH
        about = f"torch.compile at {layers[-1].address}, {len(images)} at once, {images.shape[-1]} px"
        for mode in MODES.get(images.device.type, ("default",)):
            name = about if mode == "default" else f"{about}, {mode}"
            with ExitStack() as held:
                try:
                    compiled = _compile(network, layers, mode, held)
                    off = _difference(compiled, plain, images)
                    limit = AGREES.get(_computes_in(images), AGREES_LOWER)
                    gain = _gain(compiled, plain, images) if off <= limit else 0.0
                except Exception as error:  # whatever a compiler may raise, the plain pass is there
                    self.verdicts.append(f"{name}: not used, {type(error).__name__}: {one_line(error)[:200]}")
                    continue
                if not off <= limit:
                    self.verdicts.append(f"{name}: not used, it differs by {off:.2g}")
                elif gain < fastest:
                    self.verdicts.append(f"{name}: not used, {gain:.2f} x as fast")
                else:
                    best, fastest = compiled, gain
                    self._held.push(held.pop_all())
                    self.verdicts.append(f"{name}: {gain:.2f} x as fast")
        return best


class _CompiledReader(Reader):
    """Reads as ``Reader`` does; a pass with a gradient, and without anybody else's hooks, may be a compiled one."""

    def __init__(self, compiler: Compiler, network: nn.Module, layers: Sequence[Layer]) -> None:
        super().__init__(network, layers)
        self._compiler = compiler
        self._own_hooks = 0

    def __enter__(self) -> "Reader":
        before = _count_hooks(self.network)
        super().__enter__()
        self._own_hooks = _count_hooks(self.network) - before
        return self

    def __call__(self, images: Tensor) -> Activations:
        """See ``Reader``."""
        faster = None
        if images.requires_grad and torch.is_grad_enabled() and _count_hooks(self.network) == self._own_hooks:
            faster = self._compiler.faster(self.network, self.layers, images, super().__call__)
        return super().__call__(images) if faster is None else faster(images)


def _compile(network: nn.Module, layers: Sequence[Layer], mode: str, held: ExitStack) -> Pass:
    """A compiled pass. held: keeps its hooks. A copy is compiled, which nobody else's hooks come to."""
    read = held.enter_context(Reader(twin(network), layers, stops=False))
    whole = torch.compile(_apart(Reader.__call__), fullgraph=True, dynamic=False, mode=mode)

    def compiled(images: Tensor) -> Activations:
        torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        found: Activations = whole(read, images)
        if mode == "default":
            return found
        # CUDA graphs overwrite at the next step what they gave at this one.
        return {address: tensor.clone() for address, tensor in found.items()}

    return compiled


def _apart(function: Any) -> FunctionType:
    """The function with code of its own: compiled graphs are kept with the code, and there is room for a few only."""
    return FunctionType(function.__code__.replace(), function.__globals__, function.__name__)


def _step(read: Pass, images: Tensor) -> tuple[Activations, Tensor]:
    """Activations, and the gradient [images, channels, height, width] of a loss to which all layers add alike."""
    images = images.clone().requires_grad_()
    found = read(images)
    sizes = [tensor.float().square().mean() for tensor in found.values()]
    loss = torch.stack([size / size.detach().clamp_min(TINY) for size in sizes]).sum()
    return found, torch.autograd.grad(loss, images)[0]


def _difference(compiled: Pass, plain: Pass, images: Tensor) -> float:
    """The largest difference of any layer's activations, or of the gradients, as lengths relative to the plain one's."""
    (ours, our_gradient), (theirs, their_gradient) = _step(compiled, images), _step(plain, images)
    pairs = [(our_gradient, their_gradient), *((ours[address], tensor) for address, tensor in theirs.items())]
    with torch.no_grad():
        off = [(one.float() - other.float()).norm() / other.float().norm().clamp_min(TINY) for one, other in pairs]
    return float(torch.stack(off).max())


def _gain(compiled: Pass, plain: Pass, images: Tensor) -> float:
    """How many times as fast the compiled step is, by the median of steps in turn."""
    return statistics.median(_seconds(plain, images) / _seconds(compiled, images) for _ in range(TRIALS))


def _seconds(read: Pass, images: Tensor) -> float:
    begun = time.perf_counter()
    _step(read, images)
    if images.device.type in WAITS:
        WAITS[images.device.type]()
    return time.perf_counter() - begun


def _kind(layers: Sequence[Layer], images: Tensor) -> object:
    """What a graph is compiled for."""
    addresses = tuple(layer.address for layer in layers)
    return addresses, images.shape, images.dtype, images.device, _computes_in(images)


def _computes_in(images: Tensor) -> torch.dtype:
    kind = images.device.type
    casts = kind in ("cpu", "cuda") and torch.is_autocast_enabled(kind)
    return torch.get_autocast_dtype(kind) if casts else images.dtype


def _count_hooks(network: nn.Module) -> int:
    return sum(len(hooks_of(module)) for module in network.modules())
