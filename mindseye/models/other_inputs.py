"""What a network wants that takes no batch of images: told by its forward and its error, and by giving it other things."""

from collections.abc import Callable, Sequence
from math import isqrt
from typing import Any

from torch import Tensor, nn

from mindseye.models.kinds import needed_inputs, try_copy
from mindseye.models.probe import example_input, run

FORWARD = "whose forward takes images [batch, planes, height, width]"
OTHERS: tuple[tuple[str, str, Callable[[Tensor], Any]], ...] = (
    (
        "images with their planes last",
        "passes on images.permute(0, 2, 3, 1)",
        lambda images: images.permute(0, 2, 3, 1),
    ),
    ("a single image [planes, height, width]", "stacks its answers to each", lambda images: images[0]),
    ("a list of images", "passes on list(images)", list),
    ("images of whole numbers", "passes on (255 * images).byte()", lambda images: (255 * images).byte()),
    ("images as vectors", "passes on images.flatten(1)", lambda images: images.flatten(1)),
)
"""What networks take instead: in words, what a wrapper does, and how images become it."""


def explain_refusal(network: nn.Module, error: BaseException, in_channels: int, size: int) -> str:
    """What a network wants instead of a batch of images, as the end of a refusal.

    Args:
        network: in evaluation mode. error: what it raised. in_channels, size: of the images that it most likely takes.
    """
    wrap = f"wrap it in a torch.nn.Module {FORWARD} and calls it"
    names = needed_inputs(network)
    if len(names) > 1:
        return f"; its forward needs {len(names)} inputs ({', '.join(names)}): {wrap}"
    if any(word in str(error) for word in ("5D", "conv3d")) or any(
        isinstance(one, nn.Conv3d) for one in network.modules()
    ):
        return f"; it seems to take volumes or frames: {wrap}"
    for planes, side in [(in_channels, size), *_of_vectors(network)]:
        for words, does, change in OTHERS:
            if _takes(network, change, planes, side):
                return f"; it takes {words}: wrap it in a torch.nn.Module {FORWARD} and {does}"
    return f"; if it takes something other than images, {wrap}"


def _takes(network: nn.Module, change: Callable[[Tensor], Any], planes: int, side: int) -> bool:
    images = example_input(planes, side, side, 1, network)
    try:
        run(try_copy(network), images, change)
    except Exception:  # anything that somebody's forward pass may raise
        return False
    return True


def _of_vectors(network: nn.Module) -> Sequence[tuple[int, int]]:
    """Planes and sides of square images with as many numbers as the first linear layer takes."""
    first = next((module for module in network.modules() if isinstance(module, nn.Linear)), None)
    count = 0 if first is None else first.in_features
    return [
        (planes, isqrt(count // planes)) for planes in (1, 3) if count and planes * isqrt(count // planes) ** 2 == count
    ]
