"""Every number of a picture beside its baselines, in the words of the glossary."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mindseye.measure.summary import ROLES
from mindseye.report.glossary import FAMILIES, MEASURES, better_text
from mindseye.report.numbers import Reading, reading
from mindseye.runs.schema import PaintedEntry

SCORE = MEASURES[0]
JUDGED = {family.name for family in FAMILIES if family.judged}


@dataclass(frozen=True)
class Number:
    """One measure of one picture. measure: its place in ``MEASURES``. judge: None for what no judge is asked."""

    measure: int
    judge: str | None
    reading: Reading


def numbers_of(entry: PaintedEntry) -> list[Number]:
    """Every measure that was taken of a facet's or an objective's picture."""
    return [number for place in range(len(MEASURES)) for number in _taken(entry, place)]


def scores_of(entry: PaintedEntry) -> list[Number]:
    """What each judge gave a picture as its probability."""
    return list(_taken(entry, MEASURES.index(SCORE)))


def score_of(entry: PaintedEntry) -> tuple[str | None, Reading]:
    """The judge's probability of a picture, and who gave it: the first that did."""
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
            {"number": place, "title": measure.title, "words": measure.words, "span": measure.span,
             "better": measure.better, "mark": better_text(measure.better)}
            for place, measure in enumerate(MEASURES) if measure.family == family.name
        ]}
        for family in FAMILIES
    ]  # fmt: skip


def _taken(entry: PaintedEntry, place: int) -> Iterator[Number]:
    """The measure at a place of ``MEASURES``, from everybody who took it of a picture."""
    measure = MEASURES[place]
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
