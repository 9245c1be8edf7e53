"""Every number of a picture beside its baselines, and what it means in plain words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mindseye.measure.summary import ROLES
from mindseye.report.numbers import Measure, Reading, reading
from mindseye.runs.schema import PaintedEntry


@dataclass(frozen=True)
class Family:
    """Measures that are shown under one heading. judged: whether each judge gives its own."""

    name: str
    heading: str
    words: str
    judged: bool = False


@dataclass(frozen=True)
class Explained(Measure):
    """A measure and its words. span: ends of its axis, None for an end that the numbers themselves set."""

    words: str
    span: tuple[float | None, float | None] = (0, 1)


FAMILIES = (
    Family(
        "transfer",
        "What {judge} calls it",
        "Another network, which only looks, is asked what it sees. A picture that just this one network understands would fail.",
        judged=True,
    ),
    Family(
        "neighbourhood",
        "Where {judge} puts it among the photos",
        "In the last features of another network, which only looks: do its own photos lie nearest to the picture?",
        judged=True,
    ),
    Family("fidelity", "How near it comes to what was aimed at", "Measured in the network that was painted from."),
    Family(
        "naturalness",
        "How much it is like a photo",
        "Of the image alone, without any network. The members' own value is 1, or for the slope their difference to the folder.",
    ),
    Family("objective", "What the objective says", "Measured in the network that was painted from, for the whole picture."),
    Family("statistics", "The image itself", "Without any network."),
)  # fmt: skip

EXPLAINED = (
    Explained(
        "transfer", "probability", "probability",
        "The transfer score: how sure the other network is that the picture shows what it sees in most of the members, "
        "or the label that was asked for. Good: as high as the members' or higher.",
    ),
    Explained(
        "transfer", "top1", "top-1", "1 where that label is the other network's first guess. For members, the share of photos.",
    ),
    Explained("transfer", "top5", "top-5", "1 where that label is among its first five guesses."),
    Explained(
        "neighbourhood", "home_folder", "home folder",
        "Of the ten photos nearest to the picture, how many are of its own folder. Good: near the members'.",
    ),
    Explained(
        "neighbourhood", "home_facet", "home facet",
        "Of the ten photos nearest to the picture, how many are of its own facet. Good: near the members'.",
    ),
    Explained(
        "neighbourhood", "percentile", "percentile",
        "How close the picture lies to photos at all: 0.5 is as close as photos lie to each other, 0 is far from all of them. "
        "A blend of many photos lies closer than any photo, so read it with the others.",
    ),
    Explained(
        "neighbourhood", "copy", "copy",
        "Likeness (cosine) to the single most alike member. Above the members' own the picture would be a copy of one photo.",
        (None, 1),
    ),
    Explained(
        "fidelity", "cosine", "cosine",
        "Do the picture's top features stand in the same proportion as the target's? 1 is the same. Noise can score high too: "
        "never read it alone.", (None, 1),
    ),
    Explained("fidelity", "cosine_all", "cosine, all", "The cosine over all channels of the layer.", (None, 1)),
    Explained(
        "fidelity", "distance", "distance", "How far the top features are from the target's (Barron's loss). Good: near 0.",
        (0, None),
    ),
    Explained("fidelity", "distance_all", "distance, all", "The distance over all channels of the layer.", (0, None)),
    Explained(
        "fidelity", "percentile", "rank",
        "The share of the photos that excite the target's features less than the picture does. Good: high, like the members'.",
    ),
    Explained("fidelity", "recovered", "recovered", "1 where the picture is nearer to its own target than to any other facet's."),
    Explained(
        "fidelity", "wasserstein", "wasserstein",
        "How differently the activations are spread from the target's, over their mean size. Good: as low as the members'.",
        (0, None),
    ),
    Explained(
        "fidelity", "robustness_gap", "robustness gap",
        "The share of the response that is lost when the picture is turned, tilted, darkened or brightened. Good: small.",
        (None, None),
    ),
    Explained(
        "naturalness", "total_variation", "total variation",
        "How much neighbouring pixels differ, members = 1. Above 1.3 it is busier than photos, below 0.8 smoother.", (0, None),
    ),
    Explained(
        "naturalness", "high_frequencies", "high frequencies",
        "The share of very fine detail, members = 1. Far above 1 the picture has a grain that photos lack.", (0, None),
    ),
    Explained(
        "naturalness", "spectrum_slope", "spectrum slope",
        "How fast detail fades towards fine scales, minus the folder's. Good: within 0.2 of 0.", (None, None),
    ),
    Explained(
        "objective", "value", "value",
        "What the objective says of the whole picture. Good: far above the start's. Its unit is the layer's own: "
        "compare it with nothing else.", (None, None),
    ),
    Explained(
        "objective", "robustness_gap", "robustness gap",
        "The share of the value that is lost when the picture is turned, tilted, darkened or brightened. Good: small.",
        (None, None),
    ),
    Explained(
        "statistics", "total_variation", "total variation", "How much neighbouring pixels differ. Good: as in photos.",
        (0, None),
    ),
    Explained(
        "statistics", "spectrum_slope", "spectrum slope", "How fast detail fades towards fine scales. Photos have about −2.",
        (None, None),
    ),
)  # fmt: skip

SCORE = EXPLAINED[0]
JUDGED = {family.name for family in FAMILIES if family.judged}


@dataclass(frozen=True)
class Number:
    """One measure of one picture. measure: its place in ``EXPLAINED``. judge: None for what no judge is asked."""

    measure: int
    judge: str | None
    reading: Reading


def numbers_of(entry: PaintedEntry) -> list[Number]:
    """Every measure that was taken of a facet's or an objective's picture."""
    return [number for place in range(len(EXPLAINED)) for number in _taken(entry, place)]


def scores_of(entry: PaintedEntry) -> list[Number]:
    """The transfer score that each judge gave a picture."""
    return list(_taken(entry, EXPLAINED.index(SCORE)))


def score_of(entry: PaintedEntry) -> tuple[str | None, Reading]:
    """The transfer score of a picture and the judge that gave it: the first that did."""
    first = next(iter(scores_of(entry)), None)
    return (first.judge, first.reading) if first else (None, Reading())


def judged_label(entry: PaintedEntry) -> str:
    """What the judges looked for in a picture, as the first of them calls it; empty where none did."""
    return next(iter(judged_labels(entry).values()), "")


def judged_labels(entry: PaintedEntry) -> dict[str, str]:
    """What each judge looked for in a picture, by judge, as it calls it."""
    named = {str(judge): block.get("label") for judge, block in _blocks(entry, "transfer")}
    return {judge: str(label) for judge, label in named.items() if label}


def legend() -> list[dict[str, Any]]:
    """The families and their measures, as the page reads them."""
    return [
        {"heading": family.heading, "words": family.words, "measures": [
            {"number": place, "title": measure.title, "words": measure.words, "span": measure.span}
            for place, measure in enumerate(EXPLAINED) if measure.family == family.name
        ]}
        for family in FAMILIES
    ]  # fmt: skip


def _taken(entry: PaintedEntry, place: int) -> Iterator[Number]:
    """The measure at a place of ``EXPLAINED``, from everybody who took it of a picture."""
    measure = EXPLAINED[place]
    for judge, block in _blocks(entry, measure.family):
        numbers = reading({measure.family: block}, measure)
        if numbers.picture is not None:
            yield Number(place, judge, numbers)


def _blocks(entry: PaintedEntry, family: str) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """Who measured, and the numbers: by judge, where judges did."""
    block = (entry.measures or {}).get(family)
    if not isinstance(block, dict):
        return
    if family not in JUDGED or set(block) & set(ROLES):
        yield None, block
        return
    yield from ((str(judge), inner) for judge, inner in block.items() if isinstance(inner, dict))
