"""The probe of a network: what it does with images is learned by giving it some, not from names."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mindseye.errors import UserError, one_line
from mindseye.models.freeze import allow_gradients, follow_gradients, seed_pass
from mindseye.models.output_parts import all_tensors, first_tensor, is_plain, parts
from mindseye.models.placement import weights_device, weights_dtype

BATCH = 2
SEED = 0
SAME = {torch.float32: 1e-3, torch.float64: 1e-6}
"""Up to which share of its largest number an answer counts as the same, alone or beside others: these may round otherwise."""
SAME_LOWER = 0.05
TINY = 1e-30


@dataclass(frozen=True)
class Findings:
    """What a probe has found of a network as a whole; what holds for single layers is the survey's (``layers.survey``).

    in_channels, size: planes and side in px of the images that it was given. fixed_size: it takes no other side. outputs: its
    scores per image, None where it gives something else. dtype: of what it gives. takes_batches: several images at once.
    independent: an image gets the same answer beside any other. deterministic: the same answer each time.
    steady: or at least with the same random numbers. gradient: gradients
    of its output reach the image. writes_input: it works in place on what it is given. notes: a line on all that was done to
    make it work.
    """

    in_channels: int = 3
    size: int = 0
    fixed_size: bool = False
    outputs: int | None = None
    dtype: str = "float32"
    takes_batches: bool = True
    independent: bool = True
    deterministic: bool = True
    steady: bool = True
    gradient: bool = True
    writes_input: bool = False
    notes: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """The findings as plain values, for a run's manifest."""
        return asdict(self) | {"notes": list(self.notes)}

    def remarks(self) -> tuple[str, ...]:
        """A line on all that is unusual about how the network is used, for a run and its page."""
        lines = list(self.notes)
        if not self.takes_batches:
            lines.append("the network takes no two images at once: it is given one at a time")
        if not self.independent:
            lines.append(
                "what the network answers to an image depends on those beside it: images are given to it one at a time"
            )
        if not self.steady:
            lines.append("the network answers the same image differently each time: its numbers cannot be had again")
        elif not self.deterministic:
            lines.append("the network draws random numbers while it looks: each image gets the same ones")
        if self.writes_input:
            lines.append("the network works in place on the images that it is given: it gets copies")
        if not self.gradient:
            lines.append(
                "no gradient reaches the image from the network's output: what lies there is measured, not painted"
            )
        return tuple(lines)

    def describe(self) -> str:
        """The findings in one line."""
        size = f"{self.size} px only" if self.fixed_size else "any side"
        return ", ".join(
            [
                f"takes {self.in_channels} x {size}",
                "several images at once" if self.takes_batches else "one image at a time",
                "each answered for itself" if self.independent else "answers depend on the images beside",
                "the same each time"
                if self.deterministic
                else "with random numbers"
                if self.steady
                else "never the same twice",
                f"in {self.dtype}",
                "gradients reach the image" if self.gradient else "no gradient reaches the image from its output",
            ]
        )


def probe_network(
    network: nn.Module, in_channels: int, size: int, output: Any = None, classes: int | None = None
) -> Findings:
    """Probe a network with square images: one pass with one image, one with two, and one or two of another size.

    Args:
        network: in evaluation mode, its parameters without gradients.
        in_channels: planes of the images.
        size: their side in px.
        classes: how many names the network states for its classes; of several outputs the one with so many is meant.
        output: what the network has given for the first image of ``example_input``, if that is known already.

    Raises:
        UserError: if it does not take such images, or changes the working folder.
    """
    images = example_input(in_channels, size, size, BATCH, network)
    output = run(network, images[:1]) if output is None else output
    tensor = first_tensor(output)
    pair, takes_batches, has_gradient, writes = _run_pair(network, exchange_last(images))
    is_alike = not takes_batches or same_answers(output, pair, 1, BATCH)
    # The same image again, alone: what differs then is no neighbour's doing, but that of random numbers or of what it remembers.
    is_deterministic = is_alike or same_answers(output, run(network, images[:1]), 1, 1)
    is_steady = is_deterministic or _is_steady(network, images[:1])
    return Findings(
        in_channels=in_channels,
        size=size,
        fixed_size=is_fixed_size(network, in_channels, size),
        outputs=_count_scores(output, classes),
        dtype="none" if tensor is None else str(tensor.dtype).removeprefix("torch."),
        takes_batches=takes_batches,
        independent=is_alike or not is_deterministic,
        deterministic=is_deterministic,
        steady=is_steady,
        gradient=has_gradient,
        writes_input=writes,
    )


def _count_scores(output: Any, classes: int | None) -> int | None:
    """Of what one image gives: the numbers of the tensor that ``find_output`` takes, if it is a vector for each image."""
    shapes = [tensor.shape for tensor in all_tensors(output) if is_plain(tensor) and tensor.shape[:1] == (1,)]
    if (1, classes) in shapes:
        return classes
    return shapes[0][1] if shapes and len(shapes[0]) == 2 else None


def run(network: nn.Module, images: Tensor, change: Callable[[Tensor], Any] = torch.clone) -> Any:
    """What a network gives for a copy of images, without gradients. change: makes of them what it is given.

    Raises:
        UserError: if it changes the working folder, in which the user's files are named, or PyTorch's default precision; or
            if it ends the program.
    """
    folder, dtype = Path.cwd(), torch.get_default_dtype()
    try:
        with torch.no_grad():
            return network(change(images))
    except SystemExit as error:
        raise UserError(f"the network's forward ends the program ({one_line(error)}): take that out") from error
    finally:
        if Path.cwd() != folder:
            moved = Path.cwd()
            os.chdir(folder)
            raise UserError(f"the network's forward changes the working folder (to {moved}): take that out")
        if torch.get_default_dtype() != dtype:
            torch.set_default_dtype(dtype)
            raise UserError(
                "the network's forward changes PyTorch's default precision (set_default_dtype): take that out"
            )


def _is_steady(network: nn.Module, image: Tensor) -> bool:
    """Whether an image gets the same answer from the same random numbers."""
    outputs = []
    for _ in range(2):
        with seed_pass(SEED, image.device):
            outputs.append(run(network, image))
    return same_answers(outputs[0], outputs[1], 1, 1)


def same_answers(outputs: Any, more_outputs: Any, count: int, more_count: int) -> bool:
    """Whether two outputs say the same of their first image: every tensor that has an entry for each image.

    count, more_count: how many images either is of.
    """
    if isinstance(outputs, Tensor):
        if not isinstance(more_outputs, Tensor) or not outputs.is_floating_point() or not outputs.dim():
            return True
        if (len(outputs), len(more_outputs)) != (count, more_count) or outputs.shape[1:] != more_outputs.shape[1:]:
            return True
        answer, other = outputs[0].detach().float().nan_to_num(), more_outputs[0].detach().float().nan_to_num()
        if not answer.numel():
            return True
        limit = SAME.get(outputs.dtype, SAME_LOWER)
        return bool((answer - other).abs().max() <= limit * answer.abs().max().clamp_min(TINY))
    others = parts(more_outputs)
    return all(same_answers(part, others.get(name), count, more_count) for name, part in parts(outputs).items())


def is_fixed_size(network: nn.Module, in_channels: int, size: int) -> bool:
    """Whether the network takes no other size, found by trying half of it and twice, which divides alike."""
    return not any(accepts(network, in_channels, other) for other in (size // 2, 2 * size))


def accepts(network: nn.Module, in_channels: int, size: int) -> bool:
    """Whether the network takes images of so many planes and this size, found by trying."""
    try:
        run(network, example_input(in_channels, size, size, 1, network))
    except Exception:  # anything that somebody's forward pass may raise: it does not take this size
        return False
    return True


def _run_pair(network: nn.Module, images: Tensor) -> tuple[Any, bool, bool, bool]:
    """What a network gives for two images; whether it takes two, gradients reach them, and it changes them."""
    for following in (follow_gradients, allow_gradients):  # the second for networks that ask autograd in their forward
        with suppress(Exception):
            with following():
                given = images.clone().requires_grad_().clone()  # no leaf: a network may work on it in place
                output = network(given)
            tensor = first_tensor(output)
            return output, True, tensor is not None and tensor.requires_grad, not torch.equal(given.detach(), images)
    with suppress(Exception):  # NumPy on the way refuses tensors with gradients
        return run(network, images), True, False, False
    return None, False, False, False


def example_input(in_channels: int, height: int, width: int, batch: int, network: nn.Module) -> Tensor:
    """A batch of reproducible noise on the network's device and in its precision, to see which modules fire."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(batch, in_channels, height, width, generator=generator)
    return noise.to(device=weights_device(network), dtype=weights_dtype(network))


def exchange_last(images: Tensor) -> Tensor:
    """The same images but for the last one, in whose place stands one of another contrast and brightness."""
    others = images.clone()
    others[-1] = 1 - 3 * images[-1].flip(-1)
    return others
