"""Which images a network takes: how many planes, and which side, found by giving it some."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeGuard

from torch import Tensor, nn

from mindseye.errors import UserError, one_line
from mindseye.models.kinds import find_attribute, has_lazy_weights, needed_inputs, try_copy
from mindseye.models.other_inputs import explain_refusal
from mindseye.models.output_parts import first_tensor
from mindseye.models.probe import BATCH, example_input, run

COMMON_SIDES = (224, 32, 28, 64, 96, 128, 256, 299, 384, 512)
COMMON_PLANES = (3, 1, 4)
IN_CHANNEL_NAMES = ("in_channels", "in_chans")
SIZE_NAMES = ("image_size", "img_size", "input_size")
MOST_VALUES = 2**24
"""Images of more numbers are not guessed: noise of 64 MiB each, for a network that most likely takes something else."""


@dataclass(frozen=True)
class Guess:
    """A number of planes or a side in px that a network may take.

    source: the attribute that says so, empty for a guess. is_width: what a convolution takes that is hardly the first one.
    """

    value: int
    source: str = ""
    is_width: bool = False


@dataclass(frozen=True)
class Accepted:
    """Images that a network takes. output: what it gave for one. notes: a line on each statement that proved wrong."""

    in_channels: int
    size: int
    output: Any
    notes: tuple[str, ...] = ()


def find_input(network: nn.Module, planes: Sequence[Guess], sides: Sequence[Guess]) -> Accepted:
    """The first combination of planes and side that a network takes: the first ones are what it most likely wants.

    Raises:
        UserError: with the first refusal, if it takes none of them, or no single image.
    """
    first: Exception | None = None
    is_lazy = has_lazy_weights(network)
    for in_channels, side in _combinations(planes, sides):
        images = example_input(in_channels.value, side.value, side.value, BATCH, network)
        # A trial with images of a wrong size would give lazy weights a wrong shape for good.
        tried = try_copy(network) if is_lazy else network
        try:
            with _refuse_volumes(tried):
                output = run(tried, images[:1])
        except UserError:
            raise
        except Exception as error:  # anything that somebody's forward pass may raise
            if first is None:
                first = error
                _check_single(tried, images, error)
                if isinstance(error, TypeError) and len(needed_inputs(network)) > 1:
                    break  # called with one input, it refuses any image
            continue
        return Accepted(in_channels.value, side.value, output, tuple(_notes(planes[0], in_channels, sides[0], side)))
    assert first is not None
    in_channels, side = planes[0], sides[0]
    raise UserError(
        f"the model does not take images of {in_channels.value} x {side.value} x {side.value}: {one_line(first)}"
        f"{explain_refusal(network, first, in_channels.value, side.value)}"
    ) from first


def _combinations(planes: Sequence[Guess], sides: Sequence[Guess]) -> Iterator[tuple[Guess, Guess]]:
    """The first planes with every stated side, every planes with the first side, then the others.

    The widths of hidden convolutions go with the first side only; but for the likeliest of all, none is too large.
    """
    pairs = [(planes[0], side) for side in sides if side.source]
    pairs += [(in_channels, sides[0]) for in_channels in planes]
    pairs += [(in_channels, side) for in_channels in planes if not in_channels.is_width for side in sides]
    likeliest, *others = dict.fromkeys(pairs)
    yield likeliest
    yield from (pair for pair in others if pair[0].value * pair[1].value ** 2 <= MOST_VALUES)


@contextmanager
def _refuse_volumes(network: nn.Module) -> Iterator[None]:
    """No answer counts where a three-dimensional convolution takes the batch of one image for the planes of a volume."""

    def check(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if inputs and isinstance(inputs[0], Tensor) and inputs[0].dim() < 5:
            raise ValueError(f"a {type(module).__name__} gets {list(inputs[0].shape)}, which is no batch of volumes")

    with ExitStack() as hooks:
        for module in network.modules():
            if isinstance(module, nn.Conv3d):
                hooks.callback(module.register_forward_pre_hook(check).remove)
        yield


def _check_single(network: nn.Module, images: Tensor, error: Exception) -> None:
    """Refuse a network that takes two images but not one: it mixes them, and cannot be asked about one alone."""
    try:
        output = first_tensor(run(network, images))
    except Exception:  # anything that somebody's forward pass may raise: it does not take two images either
        return
    if output is None or output.shape[:1] != images.shape[:1]:
        return
    raise UserError(
        f"the model takes two images but not one ({one_line(error)}): its answers to an image depend on those beside it; "
        "give its normalisations running statistics (track_running_stats=True), or wrap it so that it takes one"
    ) from error


def _notes(planes: Guess, in_channels: Guess, stated_side: Guess, side: Guess) -> Iterator[str]:
    for what, stated, used in (("planes", planes, in_channels), ("px", stated_side, side)):
        if used.value == stated.value:
            continue
        if stated.source:
            yield f"the attribute {stated.source} = {stated.value} is not what its images have: it takes {used.value} {what}"
        else:
            yield f"it does not take images of {stated.value} {what}, but of {used.value}, as was found by trying"


def guess_planes(network: nn.Module) -> list[Guess]:
    """The numbers of planes that a network's images may have, the likeliest first.

    What an attribute says, what its convolutions take in the order of definition, and what is usual.
    """
    named = [(name, find_attribute(network, name)) for name in IN_CHANNEL_NAMES]
    stated = [Guess(value, name) for name, value in named if _is_count(value)]
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d) and module.in_channels]
    of_convolutions = [Guess(module.in_channels) for module in convolutions[:1]]
    other = [Guess(value) for value in COMMON_PLANES]
    other += [Guess(module.in_channels, is_width=True) for module in convolutions[1:]]
    return _unique([*stated, *of_convolutions, *other])


def guess_sides(network: nn.Module, size: int | None) -> list[Guess]:
    """The sides that a network's square images may have: what an attribute says, what the user asks for, what is usual.

    Raises:
        UserError: if an attribute says that the images are no squares.
    """
    guesses = [] if (stated := _stated_side(network)) is None else [stated]
    if size is not None:
        guesses.append(Guess(size))
    guesses += [Guess(side) for side in COMMON_SIDES]
    return _unique(guesses)


def _unique(guesses: Sequence[Guess]) -> list[Guess]:
    first: dict[int, Guess] = {}
    for guess in guesses:
        first.setdefault(guess.value, guess)
    return list(first.values())


def _stated_side(network: nn.Module) -> Guess | None:
    for name in SIZE_NAMES:
        stated = find_attribute(network, name)
        sides = [stated] if _is_count(stated) else _last_sides(stated) if isinstance(stated, tuple | list) else []
        counts = [side for side in sides if _is_count(side)]
        if not counts or len(counts) < len(sides):
            continue
        if len(set(sides)) > 1:
            raise UserError(
                f"the model's {name} is {stated}; only squares can be painted: wrap it in a module that takes squares "
                "and resizes them"
            )
        return Guess(counts[0], name)
    return None


def _last_sides(stated: Sequence[Any]) -> list[Any]:
    """Of (height, width), (planes, height, width) or (height, width, planes) the sides."""
    is_planes_last = len(stated) == 3 and stated[2] in COMMON_PLANES and stated[0] not in COMMON_PLANES
    return list(stated[:2] if is_planes_last else stated[-2:])


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
