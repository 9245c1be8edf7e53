"""The measures of a facet's picture, each beside the same number for the facet's members and for the start."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mindseye.measure.summary import ROLES
from mindseye.report.manifest import Json


@dataclass(frozen=True)
class Reading:
    """One measure of one facet; None where it was not taken."""

    picture: float | None = None
    members: float | None = None
    start: float | None = None


@dataclass(frozen=True)
class Measure:
    """A measure that the figures know: where it stands under `measures`, and how it is shown."""

    family: str
    key: str
    title: str


@dataclass(frozen=True)
class Sighting:
    """What one judge sees in a picture: label and probability, likeliest first; ``wanted``, the label that it was asked for.

    probability: of the wanted label; it has no numbers, and the label no name, where the judge was asked for none.
    """

    judge: str
    sees: list[tuple[str, float | None]]
    wanted: str
    probability: Reading


MEASURES = (
    Measure("transfer", "probability", "judge's p"),
    Measure("transfer", "top1", "top-1"),
    Measure("neighbourhood", "home_folder", "home folder"),
    Measure("neighbourhood", "home_facet", "home facet"),
    Measure("neighbourhood", "percentile", "percentile"),
    Measure("neighbourhood", "copy", "copy"),
    Measure("fidelity", "cosine", "cosine"),
    Measure("naturalness", "total_variation", "variation"),
    Measure("naturalness", "high_frequencies", "high freq."),
)

# Of the picture of a named objective, which has no members.
SHORT = {"total variation": "TV"}
"""Terms of a loss whose names are too long for a figure."""
VALUE = Measure("objective", "value", "value")
ROBUSTNESS = Measure("objective", "robustness_gap", "gap")


def reading(facet: Json, measure: Measure) -> Reading:
    """The measure of one facet. Where several judges looked, the first that gave this number speaks."""
    measures = facet.get("measures")
    family = measures.get(measure.family) if isinstance(measures, dict) else None
    for block in _blocks(family):
        found = Reading(**{role: _value(block, measure.key, role) for role in ROLES})
        if found.picture is not None:
            return found
    return Reading()


def readings(facet: Json) -> list[tuple[str, Reading]]:
    """Title and numbers of every measure that was taken of the facet."""
    found = [(measure.title, reading(facet, measure)) for measure in MEASURES]
    return [(title, numbers) for title, numbers in found if numbers.picture is not None]


def judge_name(facet: Json) -> str | None:
    """The first network that judged the facet's picture."""
    measures = facet.get("measures")
    judges = measures.get("transfer") if isinstance(measures, dict) else None
    names = [name for name, block in judges.items() if isinstance(block, dict)] if isinstance(judges, dict) else []
    return names[0] if names else None


def sightings(picture: Json) -> list[Sighting]:
    """What the judges see in the picture of a named objective, in the order in which they looked."""
    measures = picture.get("measures")
    judges = measures.get("transfer") if isinstance(measures, dict) else None
    return [
        _sighting(str(name), block)
        for name, block in (judges.items() if isinstance(judges, dict) else ())
        if isinstance(block, dict)
    ]


def loss_terms(facet: Json) -> dict[str, tuple[float, float]]:
    """Every term of the loss at the first and at the last step; the terms "match LAYER" as one, their sum, and short names."""
    terms = facet.get("loss")
    ends: dict[str, tuple[float, float]] = {}
    for name, values in terms.items() if isinstance(terms, dict) else ():
        numbers = [finite(value) for value in values] if isinstance(values, list) else []
        if len(numbers) == 2 and numbers[0] is not None and numbers[1] is not None:
            shared = "match" if str(name).startswith("match ") else SHORT.get(str(name), str(name))
            start, end = ends.get(shared, (0.0, 0.0))
            ends[shared] = (start + numbers[0], end + numbers[1])
    return ends


def shown(value: float | None) -> str:
    """A number with two or three digits that count; a dash where there is none."""
    if value is None:
        return "–"
    if value and not 0.095 <= abs(value) < 1e5:
        return f"{value:.2g}"
    return f"{value:.{2 if abs(value) < 10 else 1 if abs(value) < 100 else 0}f}"


def probable(value: float | None) -> str:
    """A probability as ``shown``, where a tiny one is no more than that."""
    return "<0.001" if value is not None and 0 < value < 0.001 else shown(value)


def _sighting(judge: str, block: dict[str, Any]) -> Sighting:
    listed = block.get("sees")
    seen = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return Sighting(
        judge=judge,
        sees=[(str(one.get("label")), finite(one.get("probability"))) for one in seen],
        wanted=str(block.get("label") or ""),
        probability=Reading(**{role: _value(block, "probability", role) for role in ("picture", "start")}),
    )


def _blocks(family: object) -> Iterator[dict[str, Any]]:
    """The family itself, then what it holds per judge."""
    if isinstance(family, dict):
        yield family
        yield from (block for name, block in family.items() if isinstance(block, dict) and name not in ROLES)


def _value(block: dict[str, Any], key: str, role: str) -> float | None:
    """`block[role][key]`, or for the picture plainly `block[key]` where the measure has no baselines."""
    nested = block.get(role)
    if isinstance(nested, dict):
        return finite(nested.get(key))
    return finite(block.get(key)) if role == "picture" else None


def finite(value: object) -> float | None:
    """`value` where it is a finite number or a truth value (top-1 of one picture)."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
