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
from mindseye.layers.fold import Folded
from mindseye.layers.layer import Layer, check_gradients
from mindseye.layers.reader import NO_BRANCHES, Activations, Reader
from mindseye.layers.residual import Branches, find_branches
from mindseye.models.freeze import copy_modules, disable_fast_attention, list_hooks

TRIALS = 5
LEAST_GAIN = 1.05
"""How many times as fast a compiled step must be at least, so that noise does not decide."""
MODES = {"cuda": ("reduce-overhead", "default")}
"""Of ``torch.compile``, by kind of device; ``reduce-overhead`` are CUDA graphs."""
TOLERANCE = {torch.float32: 0.01, torch.float64: 1e-6}
"""Largest difference between compiled and plain, as lengths relative to the plain one's; lower precisions: ``TOLERANCE_LOWER``.

Where rounding tips a value over a kink of the network, a part of the gradient is another one: .003 was seen."""
TOLERANCE_LOWER = 0.1

SYNCHRONIZE = {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}
TINY = torch.finfo(torch.float32).tiny

Pass = Callable[[Tensor], Activations]


class Compiler:
    """The compiled passes of a painting, for as long as its network is painted from.

    verdicts: a line on each kind of pass that was tried, in their order.
    """

    def __init__(self) -> None:
        self.verdicts: list[str] = []
        self._resources = ExitStack()
        self._passes: dict[object, Pass | None] = {}

    def __enter__(self) -> "Compiler":
        # Longer than any reader that is held: else that reader would restore the fast path to off.
        self._resources.enter_context(disable_fast_attention())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()
        self._passes.clear()

    def reader(self, network: nn.Module, layers: Sequence[Layer], branches: Branches = NO_BRANCHES) -> Reader:
        """A reader of layers whose passes with a gradient are compiled, where that is faster.

        network: the same each time, or a copy of it: what was compiled of one is used for the other. branches: whose
        gradient is scaled.
        """
        return _CompiledReader(self, network, layers, branches)

    def find_faster(self, read: Reader, images: Tensor, plain: Pass) -> Pass | None:
        """A compiled pass for such images that agrees with the plain one and is faster; None where there is none."""
        kind = _kind(read.layers, images)
        if kind not in self._passes:
            self._passes[kind] = self._try(read, images.detach(), plain)
        return self._passes[kind]

    def _try(self, read: Reader, images: Tensor, plain: Pass) -> Pass | None:
        best, fastest = None, LEAST_GAIN
        about = f"torch.compile at {read.layers[-1].address}, {len(images)} at once, {images.shape[-1]} px"
        for mode in MODES.get(images.device.type, ("default",)):
            name = about if mode == "default" else f"{about}, {mode}"
            with ExitStack() as held:
                try:
                    compiled = _compile(read, mode, held)
                    off = _difference(compiled, plain, images)
                    limit = TOLERANCE.get(_precision(images), TOLERANCE_LOWER)
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
                    self._resources.push(held.pop_all())
                    self.verdicts.append(f"{name}: {gain:.2f} x as fast")
        return best


def painting_reader(
    folded: Folded, layers: Sequence[Layer], compiler: Compiler | None, branch_gradient: float = 1.0
) -> Reader:
    """Reads layers of a network at many steps.

    Args:
        folded: the network.
        layers: that will be read.
        compiler: of a recipe that compiles.
        branch_gradient: the share of the gradient that comes back through residual branches.

    Raises:
        UserError: if gradients of one of the layers do not reach the image.
    """
    check_gradients(layers)
    network = folded.at(layers)
    branches = find_branches(network, folded.images, branch_gradient)
    if compiler is not None:
        return compiler.reader(network, layers, branches)
    return Reader(network, layers, branches=branches)


class _CompiledReader(Reader):
    """Reads as ``Reader`` does; a pass with a gradient, and without anybody else's hooks, may be a compiled one."""

    def __init__(self, compiler: Compiler, network: nn.Module, layers: Sequence[Layer], branches: Branches) -> None:
        super().__init__(network, layers, branches=branches)
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
            faster = self._compiler.find_faster(self, images, super().__call__)
        return super().__call__(images) if faster is None else faster(images)


def _compile(read: Reader, mode: str, held: ExitStack) -> Pass:
    """A compiled pass. held: keeps its hooks. A copy is compiled, which nobody else's hooks come to."""
    copied = held.enter_context(Reader(copy_modules(read.network), read.layers, stops=False, branches=read.branches))
    whole = torch.compile(_copy_function(Reader.__call__), fullgraph=True, dynamic=False, mode=mode)

    def compiled(images: Tensor) -> Activations:
        torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        activations: Activations = whole(copied, images)
        if mode == "default":
            return activations
        # CUDA graphs overwrite at the next step what they gave at this one.
        return {address: tensor.clone() for address, tensor in activations.items()}

    return compiled


def _copy_function(function: Any) -> FunctionType:
    """The function with code of its own: compiled graphs are kept with the code, and there is room for a few only."""
    return FunctionType(function.__code__.replace(), function.__globals__, function.__name__)


def _step(read: Pass, images: Tensor) -> tuple[Activations, Tensor]:
    """Activations, and the gradient [images, channels, height, width] of a loss to which all layers add alike."""
    images = images.clone().requires_grad_()
    activations = read(images)
    sizes = [tensor.float().square().mean() for tensor in activations.values()]
    loss = torch.stack([size / size.detach().clamp_min(TINY) for size in sizes]).sum()
    return activations, torch.autograd.grad(loss, images)[0]


def _difference(compiled: Pass, plain: Pass, images: Tensor) -> float:
    """The largest difference of any layer's activations, or of the gradients, as lengths relative to the plain one's."""
    (of_compiled, gradient), (of_plain, plain_gradient) = _step(compiled, images), _step(plain, images)
    pairs = [(gradient, plain_gradient), *((of_compiled[address], tensor) for address, tensor in of_plain.items())]
    with torch.no_grad():
        off = [(ours.float() - theirs.float()).norm() / theirs.float().norm().clamp_min(TINY) for ours, theirs in pairs]
    return float(torch.stack(off).max())


def _gain(compiled: Pass, plain: Pass, images: Tensor) -> float:
    """How many times as fast the compiled step is, by the median of steps in turn."""
    return statistics.median(_seconds(plain, images) / _seconds(compiled, images) for _ in range(TRIALS))


def _seconds(read: Pass, images: Tensor) -> float:
    begun = time.perf_counter()
    _step(read, images)
    if images.device.type in SYNCHRONIZE:
        SYNCHRONIZE[images.device.type]()
    return time.perf_counter() - begun


def _kind(layers: Sequence[Layer], images: Tensor) -> object:
    """What a graph is compiled for."""
    addresses = tuple(layer.address for layer in layers)
    return addresses, images.shape, images.dtype, images.device, _precision(images)


def _precision(images: Tensor) -> torch.dtype:
    kind = images.device.type
    casts = kind in ("cpu", "cuda") and torch.is_autocast_enabled(kind)
    return torch.get_autocast_dtype(kind) if casts else images.dtype


def _count_hooks(network: nn.Module) -> int:
    return sum(len(list_hooks(module)) for module in network.modules())
