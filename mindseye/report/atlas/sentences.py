"""What the page of a channel says in words: they claim no more than its numbers do."""

from mindseye.report.numbers import format_number
from mindseye.runs.schema import AtlasChannel, AtlasChannelRecord, ChannelFacet

MOST, SOME = 0.5, 0.2
"""Shares of the strongest photos from which on a class is said to be most of them, or named at all."""
NAMED = 3
RELATED = 0.5
"""The correlation from which on two channels count as near relatives."""


def describe_classes(channel: AtlasChannelRecord | None, entry: AtlasChannel) -> str:
    """Of which classes its strongest photos are, in words that claim no more than the shares do; empty without classes."""
    if entry.label is None:
        return ""
    answers = [] if channel is None else channel.classes
    shares = {answer.label: answer.share or 0.0 for answer in answers}
    if entry.label_share is not None:
        shares[entry.label] = entry.label_share
    if entry.label not in shares:
        return ""
    ranked = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))
    label, share = ranked[0]
    if share >= MOST:
        return f"{format_percent(share)} of its strongest photos are of {label}"
    named = [f"{label} {format_percent(share)}" for label, share in ranked[:NAMED] if share >= SOME]
    if named:
        return f"its strongest photos are of several classes: {', '.join(named)}, others"
    return f"its strongest photos are of many classes, none more than {format_percent(share)}"


def format_percent(share: float | None, negative: bool = False) -> str:
    """A share in percent, small ones with a digit more. negative: of a fall, with its sign turned round."""
    if share is None:
        return "–"
    percent = round(100 * (-share if negative else share), 1 if abs(share) < 0.0995 else 0) or 0.0
    sign = "+" if negative and percent > 0 else ""
    return sign + f"{percent:.{1 if abs(share) < 0.0995 else 0}f} %".replace("-", "−")


def describe_facet(facet: ChannelFacet) -> str:
    """The class of a facet, with its share where that is known; of one that is less than half of it, that it is one of several."""
    if facet.label is None or facet.label_share is None:
        return facet.label or ""
    label = f"{facet.label} {format_percent(facet.label_share)}"
    return label if facet.label_share >= MOST else f"several classes, {label}"


def describe_relatives(channel: AtlasChannelRecord) -> str:
    """Whether there are relatives at all, in a sentence; empty where there are."""
    closest = max((relative.r for relative in channel.relatives), default=0.0)
    return "" if closest >= RELATED else f"None comes near it: r is at most {format_number(closest)}."
