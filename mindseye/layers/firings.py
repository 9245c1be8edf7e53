"""What fires when a network looks at images: each call of each module, with a few numbers by which two passes are compared.

The passes differ in their last image only. What an image's own entries are then shows in the layers: they stay as they were,
and only those of the last image change, unless images are mixed.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mindseye.layers.layout import Order
from mindseye.models.freeze import allow_gradients, disable_fast_attention, follow_gradients, run_eagerly, seed_pass
from mindseye.models.output_parts import all_tensors, describe_unread, first_tensor, stands_for_others

SAME = {torch.float32: 1e-5, torch.float64: 1e-8}
"""Up to which share of a layer's largest number two passes count as equal, by its precision; lower ones: ``SAME_LOWER``."""
SAME_LOWER = 0.02
TINY = 1e-30
CONSTANT = 1e-2

Place = tuple[str, int, bool]


@dataclass(frozen=True, eq=False)
class Firing:
    """One call of a module. shape: of what came out, or, with ``of_input``, went in. flops: of the pass until then.

    shapes: of every tensor that came out or went in. sketch: [first axis, second axis] of the tensor, the others summed up with
    weights of their own. same: up to which share of its largest number two sketches are equal. has_gradient: whether it depends
    on the images in a way that gradients can follow.
    """

    module: str
    call: int
    of_input: bool
    shape: tuple[int, ...]
    flops: int
    shapes: tuple[tuple[int, ...], ...]
    sketch: Tensor
    same: float
    has_gradient: bool

    @property
    def place(self) -> Place:
        """What tells this firing from the others of a pass."""
        return self.module, self.call, self.of_input


@dataclass(frozen=True, eq=False)
class Pass:
    """A pass of a network over images.

    firings: in their order, also those before an error. flops: of the whole pass, 0 where gradients were followed. error: that
    ended it. writes_input: the network changed the images that it was given. silent: why modules that were called gave nothing
    to read, by name.
    """

    firings: list[Firing]
    flops: int
    error: Exception | None
    writes_input: bool
    silent: dict[str, str]


def watch(
    network: nn.Module, images: Tensor, gradients: bool = False, seed: int | None = None, plain: bool = False
) -> Pass:
    """Watch a network look at images [images, planes, height, width]; it gets a copy of them.

    Args:
        network: in evaluation mode, its parameters without gradients.
        images: preprocessed.
        gradients: see what depends on the images in a way that gradients can follow; else operations are counted.
        seed: of random numbers during the pass; None leaves them as they are.
        plain: nothing is counted, and what a backward pass wants is kept: a network may ask autograd in its forward.
    """
    firings: list[Firing] = []
    calls: dict[tuple[str, bool], int] = {}
    sketch = Sketcher()
    error = None
    silent: dict[str, str] = {}

    def record(name: str, of_input: bool, value: Any) -> None:
        call = calls.get((name, of_input), 0)
        calls[name, of_input] = call + 1
        tensor = first_tensor(value)
        if tensor is not None and stands_for_others(tensor):
            tensor = None
        if tensor is None and not of_input:
            silent[name] = describe_unread(value)
        if tensor is not None:
            flops = counter.get_total_flops() if counter else 0
            same = SAME.get(tensor.dtype, SAME_LOWER)
            shape = tuple(tensor.shape)
            shapes = tuple(tuple(other.shape) for other in all_tensors(value))
            place = (name, call, of_input)
            firings.append(Firing(*place, shape, flops, shapes, sketch(tensor), same, tensor.requires_grad))

    with ExitStack() as stack:
        counter = stack.enter_context(FlopCounterMode(display=False)) if not gradients and not plain else None
        stack.enter_context(disable_fast_attention())
        stack.enter_context(run_eagerly(network))
        following = allow_gradients if plain else follow_gradients
        stack.enter_context(following() if gradients else torch.no_grad())
        if seed is not None:
            stack.enter_context(seed_pass(seed, images.device))
        for name, module in network.named_modules():
            if name:
                before, after = partial(record, name, True), partial(record, name, False)
                stack.callback(module.register_forward_pre_hook(lambda m, i, see=before: see(i)).remove)
                stack.callback(module.register_forward_hook(lambda m, i, o, see=after: see(o)).remove)
        # Twice: what was made under inference_mode takes no gradient, and a network may not work in place on a leaf.
        given = images.detach().clone().requires_grad_(gradients).clone()
        try:
            network(given)
        except Exception as raised:  # anything that somebody's forward pass may raise
            error = raised
        flops = counter.get_total_flops() if counter else 0
    return Pass(firings, flops, error, not torch.equal(given.detach(), images), silent)


class Sketcher:
    """Sums over all axes of a tensor but the first two, weighted, so that no two entries count alike."""

    def __init__(self) -> None:
        self._weights: dict[tuple[int, torch.dtype, torch.device], Tensor] = {}

    @torch.no_grad()
    def __call__(self, tensor: Tensor) -> Tensor:
        """[first axis, second axis] of a floating-point tensor."""
        if tensor.dim() < 2:
            return tensor.reshape(-1, 1).float().cpu()
        rows, columns = tensor.shape[:2]
        if not tensor.numel():
            return torch.zeros(rows, columns)
        count = tensor.numel() // (rows * columns)
        key = (count, tensor.dtype if tensor.dtype in SAME else torch.float32, tensor.device)
        if key not in self._weights:
            self._weights[key] = (torch.arange(count, dtype=torch.float64) * 1.7).cos().to(tensor.device, key[1])
        flat = tensor.reshape(rows * columns, count)
        if flat.dtype not in SAME:
            flat = flat.float()  # a sum that is rounded as coarsely might be alike by chance
        sums = torch.mv(flat, self._weights[key]) if count > 1 else flat[:, 0]
        sketch: Tensor = (sums / count**0.5).reshape(rows, columns).float().cpu()
        return sketch


def compare(first: Firing, second: Firing) -> Tensor | None:
    """By how much entries [first axis, second axis] differ between two passes; None where the shapes do.

    Above 1 an entry counts as changed; see also ``is_constant``.
    """
    if first.sketch.shape != second.sketch.shape:
        return None
    before, after = first.sketch.nan_to_num(), second.sketch.nan_to_num()
    limit = first.same * max(float(before.abs().max()) if before.numel() else 0.0, TINY)
    return (before - after).abs() / limit


def is_constant(shifts: Tensor, same: float) -> Tensor:
    """Which entries are exactly the same in both passes, which have rounded alike: in no precision by chance.

    same: of the firing, by which its shifts were measured.
    """
    return shifts <= CONSTANT * min(1.0, SAME[torch.float32] / same)


def order_of(shifts: Tensor, batch: int) -> Order | Literal["mixed", "unknown"]:
    """Where the images are, from how entries shifted with the last image of a batch.

    ``mixed``: entries of the first image changed too. ``unknown``: none has changed.
    """
    changed = shifts > 1
    rows, columns = changed.any(1), changed.any(0)
    if not changed.any():
        return "unknown"
    last_only = torch.arange(batch) == batch - 1
    if len(rows) == batch and torch.equal(rows, last_only):
        return "first"
    if len(columns) == batch and torch.equal(columns, last_only):
        return "second"
    if len(rows) > batch and len(rows) % batch == 0:
        parts = len(rows) // batch
        if not rows[: parts * (batch - 1)].any():
            return "windows"
        if not rows.reshape(parts, batch)[:, :-1].any():
            return "copies"
    return "mixed"
