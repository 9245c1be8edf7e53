"""A picture as it came out of the loop."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Painted:
    """One picture as it came out. reason: why it failed, None where it did not.

    image, start: [channels, side, side] in [0, 1]. loss: {term: (start, end)}, weighted, without transforms.
    """

    image: Tensor
    start: Tensor
    loss: dict[str, tuple[float, float]]
    reason: str | None
