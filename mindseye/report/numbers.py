"""The measures of a picture, each beside the same number for the facet's members and for the start; numbers as text."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mindseye.measure.summary import ROLES
from mindseye.report.glossary import Measure, measure_of
from mindseye.runs.schema import Measures, PaintedEntry


@dataclass(frozen=True)
class Reading:
    """One measure of one picture; None where it was not taken."""

    picture: float | None = None
    members: float | None = None
    start: float | None = None


@dataclass(frozen=True)
class Prediction:
    """What one judge sees in a picture.

    labels: label and probability, likeliest first. target: the label that the judge was asked for, empty where it was
    asked for none. probability: of the target.
    """

    judge: str
    labels: list[tuple[str, float | None]]
    target: str
    probability: Reading


SHOWN = tuple(
    measure_of(family, key)
    for family, key in (
        ("transfer", "probability"),
        ("transfer", "top1"),
        ("neighbourhood", "home_folder"),
        ("neighbourhood", "home_facet"),
        ("neighbourhood", "percentile"),
        ("neighbourhood", "copy"),
        ("fidelity", "cosine"),
        ("naturalness", "total_variation"),
        ("naturalness", "high_frequencies"),
    )
)
"""The measures for which figures and tables have room."""
# Of the picture of a named objective, which has no members.
VALUE = measure_of("objective", "value")
ROBUSTNESS = measure_of("objective", "robustness_gap")

SHORT = {"total variation": "TV"}
"""Terms of a loss whose names are too long for a figure."""


def reading(measures: Measures | None, measure: Measure) -> Reading:
    """One measure out of all of a picture. Where several judges looked, the first that gave this number speaks."""
    for block in _blocks((measures or {}).get(measure.family)):
        numbers = Reading(**{role: _value(block, measure.key, role) for role in ROLES})
        if numbers.picture is not None:
            return numbers
    return Reading()


def readings(measures: Measures | None) -> list[tuple[str, Reading]]:
    """Title and numbers of every measure that was taken of a facet's picture."""
    every = [(measure.title, reading(measures, measure)) for measure in SHOWN]
    return [(title, numbers) for title, numbers in every if numbers.picture is not None]


def judge_name(measures: Measures | None) -> str | None:
    """The first network that judged the picture."""
    return next((judge for judge, _ in _judges(measures)), None)


def predictions(measures: Measures | None) -> list[Prediction]:
    """What the judges see in the picture of a named objective, in the order in which they looked."""
    return [_prediction(judge, block) for judge, block in _judges(measures)]


def loss_terms(entry: PaintedEntry) -> dict[str, tuple[float, float]]:
    """Every term of the loss at the first and the last step; all terms "match LAYER" are one, their sum; long names are short."""
    terms: dict[str, tuple[float, float]] = {}
    for name, values in entry.loss.items():
        ends = [finite_number(value) for value in values]
        if len(ends) == 2 and ends[0] is not None and ends[1] is not None:
            shared = "match" if name.startswith("match ") else SHORT.get(name, name)
            start, end = terms.get(shared, (0.0, 0.0))
            terms[shared] = (start + ends[0], end + ends[1])
    return terms


def format_number(value: float | None) -> str:
    """A number with two or three digits that count; a dash where there is none."""
    if value is None:
        return "–"
    if value and not 0.095 <= abs(value) < 1e5:
        return f"{value:.2g}"
    return f"{value:.{2 if abs(value) < 10 else 1 if abs(value) < 100 else 0}f}"


def format_probability(value: float | None) -> str:
    """A probability as ``format_number``; a tiny one as ``<0.001``."""
    return "<0.001" if value is not None and 0 < value < 0.001 else format_number(value)


def finite_number(value: object) -> float | None:
    """A finite number or a truth value (top-1 of one picture) as a float; None for anything else."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def round_digits(value: object) -> float | None:
    """A finite number with the four digits that count; None for anything else."""
    number = finite_number(value)
    return None if number is None else float(f"{number:.4g}")


def _judges(measures: Measures | None) -> list[tuple[str, Mapping[str, Any]]]:
    judges = (measures or {}).get("transfer")
    named = judges.items() if isinstance(judges, dict) else ()
    return [(str(judge), block) for judge, block in named if isinstance(block, dict)]


def _prediction(judge: str, block: Mapping[str, Any]) -> Prediction:
    listed = block.get("sees")
    seen = [label for label in listed if isinstance(label, dict)] if isinstance(listed, list) else []
    return Prediction(
        judge=judge,
        labels=[(str(label.get("label")), finite_number(label.get("probability"))) for label in seen],
        target=str(block.get("label") or ""),
        probability=Reading(**{role: _value(block, "probability", role) for role in ("picture", "start")}),
    )


def _blocks(family: object) -> Iterator[Mapping[str, Any]]:
    """The family itself, then what it holds per judge."""
    if isinstance(family, dict):
        yield family
        yield from (block for name, block in family.items() if isinstance(block, dict) and name not in ROLES)


def _value(block: Mapping[str, Any], key: str, role: str) -> float | None:
    """``block[role][key]``, or for the picture plainly ``block[key]`` where the measure has no baselines."""
    nested = block.get(role)
    if isinstance(nested, dict):
        return finite_number(nested.get(key))
    return finite_number(block.get(key)) if role == "picture" else None
