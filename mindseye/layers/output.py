"""The network's own output as a layer, whatever form it has: scores, a dense map, or a structure that holds them."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

from mindseye.errors import UserError, one_line
from mindseye.layers.layer import Layer, Reading
from mindseye.layers.layout import Layout, stated_extra_tokens
from mindseye.layers.reader import SEED
from mindseye.layers.survey import STRETCH, SURVEY_BATCH
from mindseye.models.custom import read_names
from mindseye.models.freeze import allow_gradients, follow_gradients, freeze, seed_pass
from mindseye.models.output_parts import part_of, parts
from mindseye.models.probe import example_input, exchange_last, same_answers

OUTPUT = "output"
"""The address of what the network itself gives; ``output:PATH`` names a part of it."""


def find_output(
    network: nn.Module, size: int, in_channels: int = 3, words: Sequence[str] = ()
) -> tuple[Layer, list[str]]:
    """The network's output as a layer, and the words that are left over once they have led to a tensor.

    The words name parts of the output (keys of a dict, indices of a list or tuple, fields of a named tuple or dataclass),
    one or, separated by dots, several each: ``["out", "15"]`` gives the part ``out`` and leaves ``["15"]``. Where they end
    before a tensor, the first one that holds the images is meant; so no words mean the scores of a network that gives
    scores and more besides: if it states ``labels``, the first part with that many scores. The layer's ``path`` says which part is
    read, its address too: ``output:out``.

    [B, C, H, W] is read as a map, [B, C] as a vector, [B, T, C] as tokens, [B, H, W] (it grows sideways with the image)
    and [B] as one channel. Two forward passes with two and three images of ``size`` px tell what follows the number of
    images; a third with wider images only for three axes.

    Raises:
        UserError: if the network does not take such images, a part does not exist (with those that do), or what is
            named holds no floating-point numbers for each image.
    """
    classes = None if words else len(read_names(network, "labels") or ()) or None
    images = example_input(in_channels, size, size, SURVEY_BATCH + 1, network)
    with freeze(network):
        outputs, more_outputs, reading = _compare(network, images)
        path, left = _follow(outputs, words)
        below = _path_to_images(part_of(outputs, path), _part_or_none(more_outputs, path), reading.singly, classes)
        if below is None:
            below = _path_to_images(part_of(outputs, path), _part_or_none(more_outputs, path), reading.singly)
        if below is None:
            raise UserError(_refusal(path, part_of(outputs, path)))
        path += below
        tensor = part_of(outputs, path)
        shape, batch = tuple(tensor.shape), len(tensor)
        layout = _layout(network, shape, size, in_channels, path)
        has_gradient = _has_gradient(network, images[:batch], path)
    layer = Layer(
        address=_address(network, path),
        module="",
        call=0,
        calls=1,
        of_input=False,
        kind=type(network).__name__,
        shape=shape[1:],
        layout=layout,
        channels=layout.channels(shape),
        grid=layout.grid(shape, batch),
        cost=1.0,
        path=path,
        reading=reading,
        has_gradient=has_gradient,
    )
    return layer, left


def _compare(network: nn.Module, images: Tensor) -> tuple[Any, Any, Reading]:
    """What two images and three give, whose first image is the same, and how images must be given."""
    first, others = images[:SURVEY_BATCH], exchange_last(images)
    others[1:SURVEY_BATCH] = exchange_last(images[:SURVEY_BATCH])[1:]
    given = first.clone()
    try:
        outputs = _run(network, given)
    except UserError:
        return (alone := _run(network, images[:1])), alone, Reading(singly=True)
    copied = not torch.equal(given, first)
    more_outputs = _run(network, others.clone())
    if same_answers(outputs, more_outputs, SURVEY_BATCH, SURVEY_BATCH + 1):
        return outputs, more_outputs, Reading(copied=copied)
    with seed_pass(SEED, images.device):
        again = _run(network, first.clone())
    with seed_pass(SEED, images.device):
        more_again = _run(network, others[:SURVEY_BATCH].clone())
    is_seeded = same_answers(again, more_again, SURVEY_BATCH, SURVEY_BATCH)
    return outputs, more_outputs, Reading(singly=True, seeded=is_seeded, copied=copied)


def _has_gradient(network: nn.Module, images: Tensor, path: tuple[str, ...]) -> bool:
    for following in (follow_gradients, allow_gradients):  # the second for networks that ask autograd in their forward
        with following(), suppress(Exception):  # anything that somebody's forward pass may raise
            return bool(part_of(network(images.clone().requires_grad_().clone()), path).requires_grad)
    return False


@torch.no_grad()
def _run(network: nn.Module, images: Tensor) -> Any:
    try:
        return network(images)
    except Exception as error:  # anything that somebody's forward pass may raise
        count, planes, height, width = images.shape
        raise UserError(
            f"the network does not take {count} images of {planes} x {height} x {width}: {one_line(error)}"
        ) from error


def _follow(output: Any, words: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    path: tuple[str, ...] = ()
    for place, word in enumerate(words):
        if not parts(part_of(output, path)):
            return path, list(words[place:])
        rest: str | None = word
        while rest is not None:
            name, rest = _split(rest, parts(part_of(output, path)))
            path += (name,)
            part_of(output, path)  # refuses a part that is not there
    return path, []


def _split(word: str, named: dict[str, Any]) -> tuple[str, str | None]:
    """The first name of a dotted word and what is behind it; a part's own name may hold dots, the longest counts."""
    names = word.split(".")
    known = [count for count in range(1, len(names) + 1) if ".".join(names[:count]) in named]
    count = max(known, default=1)
    return ".".join(names[:count]), ".".join(names[count:]) if count < len(names) else None


def _part_or_none(output: Any, path: Sequence[str]) -> Any:
    try:
        return part_of(output, path)
    except UserError:
        return None


def _path_to_images(value: Any, for_more: Any, singly: bool, width: int | None = None) -> tuple[str, ...] | None:
    """The path to the first tensor below that has one entry per image, from what two and three images (or one) gave.

    width: only a vector of so many numbers per image.
    """
    if isinstance(value, Tensor):
        counts = [(SURVEY_BATCH, SURVEY_BATCH + 1), *([(1, 1)] if singly else [])]
        follows = isinstance(for_more, Tensor) and any(
            value.shape[:1] == (few,) and for_more.shape == (more, *value.shape[1:]) for few, more in counts
        )
        fits = width is None or value.shape[1:] == (width,)
        return () if follows and fits and value.is_floating_point() else None
    for_more_parts = parts(for_more)
    for name, part in parts(value).items():
        below = _path_to_images(part, for_more_parts.get(name), singly, width)
        if below is not None:
            return (name, *below)
    return None


def _refusal(path: tuple[str, ...], value: Any) -> str:
    what = f"{OUTPUT}:{'.'.join(path)}" if path else "the network's output"
    if isinstance(value, Tensor):
        return (
            f"{what} of shape {list(value.shape)} ({value.dtype}) does not hold floating-point numbers for each of "
            f"{SURVEY_BATCH} images; name another part of the output, or a layer"
        )
    held = ", ".join(parts(value))
    inside = f"a {type(value).__name__} of {held}" if held else f"a {type(value).__name__}"
    return f"{what} ({inside}) holds no floating-point numbers for each image; name a layer instead"


def _layout(network: nn.Module, shape: tuple[int, ...], size: int, in_channels: int, path: tuple[str, ...]) -> Layout:
    if len(shape) == 1:
        return Layout("single")
    if len(shape) == 2:
        return Layout("vector")
    if len(shape) == 4:
        return Layout("map")
    if len(shape) != 3:
        raise UserError(
            f"{_address(network, path)} of shape {list(shape)} is neither a map [B, C, H, W], tokens [B, T, C] nor a "
            "vector [B, C]; name a layer instead"
        )
    if _is_plane(network, shape, size, in_channels, path):
        return Layout("single")
    # Only the network's own word: 17 joints of a pose are no grid of 16 behind a class token.
    return Layout("tokens", stated_extra_tokens(network, shape[1]))


def _is_plane(network: nn.Module, shape: tuple[int, ...], size: int, in_channels: int, path: tuple[str, ...]) -> bool:
    """Whether [B, *, *] are rows and columns: the last axis grows with the image's width, or both are its side."""
    try:
        wider = part_of(
            _run(network, example_input(in_channels, size, size + STRETCH, SURVEY_BATCH, network)), path
        ).shape
    except UserError:
        wider = shape
    if tuple(wider) == shape:
        return shape[1:] == (size, size)
    return bool(wider[-1] != shape[-1])


def _address(network: nn.Module, path: tuple[str, ...]) -> str:
    if path:
        return f"{OUTPUT}:{'.'.join(path)}"
    # Activations are kept by address: a module of that name may be read beside the network's own output.
    return f"{OUTPUT}:" if OUTPUT in dict(network.named_modules()) else OUTPUT
