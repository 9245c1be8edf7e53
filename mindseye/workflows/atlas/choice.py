"""What of a network an atlas shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mindseye.arguments import as_list
from mindseye.errors import UserError

CHANNELS = 32
MOST_FACETS = 4

ChannelChoice = int | Literal["all"] | tuple[int, ...]
FacetChoice = int | Literal["auto"]


@dataclass(frozen=True)
class AtlasChoice:
    """What is shown.

    layers: addresses; ``("auto",)`` for one a stage, ``("all",)`` for every block. channels: how many of each layer, those that
    differ most from each other in what they answer to; or ``all``, or which. facets: of each channel, at most four.
    """

    layers: tuple[str, ...] = ("auto",)
    channels: ChannelChoice = CHANNELS
    facets: FacetChoice = "auto"


def make_choice(
    layers: str | Sequence[str] | None, channels: int | str | Sequence[int], facets: int | str
) -> AtlasChoice:
    """What is shown, from words.

    Raises:
        UserError: for what is no choice, saying what is.
    """
    addresses = tuple(part.strip() for part in as_list("layers", layers, str) for part in part.split(","))
    if facets != "auto" and not (
        isinstance(facets, int) and not isinstance(facets, bool) and 1 <= facets <= MOST_FACETS
    ):
        raise UserError(f"facets is a number from 1 to {MOST_FACETS}, or auto, not {facets!r}")
    chosen: ChannelChoice
    if isinstance(channels, bool) or (isinstance(channels, str) and channels != "all"):
        raise UserError(f"channels is how many, which (a list), or all, not {channels!r}")
    if isinstance(channels, int):
        if channels < 1:
            raise UserError(f"channels is at least 1, not {channels}")
        chosen = channels
    else:
        chosen = "all" if isinstance(channels, str) else tuple(as_list("channels", channels, int))
        if not chosen:
            raise UserError("channels names none")
    return AtlasChoice(addresses or ("auto",), chosen, facets if isinstance(facets, int) else "auto")
