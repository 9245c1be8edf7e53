"""The few numbers that a whole run comes down to, each with what it means."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from mindseye.report.manifest import entries_of
from mindseye.report.numbers import Reading, format_number, format_probability
from mindseye.report.page.measures import SCORE, scores_of
from mindseye.report.typeface import printable
from mindseye.runs.schema import Manifest


@dataclass(frozen=True)
class Headline:
    """A number, what it is called, what stands beside it, and what it means."""

    value: str
    name: str
    beside: str
    words: str


def headlines(manifest: Manifest) -> list[Headline]:
    """The run's transfer score by judge, and how clearly its facets stand apart and hold."""
    lines = [_score(judge, readings) for judge, readings in scores(manifest).items()]
    silhouette = manifest.clusters.silhouette if manifest.clusters else None
    of_set = manifest.summary.set if manifest.summary else {}
    stability, null = of_set.get("stability"), of_set.get("stability_shuffled")
    if silhouette is not None:
        lines.append(
            Headline(
                format_number(silhouette),
                "silhouette",
                "−1 to 1",
                "How clearly the facets stand apart on the map. There are always as many facets as were asked for: "
                "above 0.5 the photos fall into groups by themselves, below 0.25 hardly.",
            )
        )
    if stability is not None:
        lines.append(
            Headline(
                format_number(stability),
                "stability",
                f"shuffled {format_number(null)}",
                "How alike the facets come out when a fifth of the photos is left out (1: the same), beside the same number "
                "for activations that were shuffled over the photos, which have no groups.",
            )
        )
    return lines


def mean_score(manifest: Manifest) -> float | None:
    """Mean probability that the judges give the run's pictures (of its deepest layer); None where none looked."""
    values = [
        score.picture for readings in scores(manifest).values() for score in readings if score.picture is not None
    ]
    return fmean(values) if values else None


def scores(manifest: Manifest) -> dict[str, list[Reading]]:
    """The transfer score of each picture of the deepest layer, or of each objective, by judge."""
    by_judge: dict[str, list[Reading]] = {}
    for entry in entries_of(manifest):
        for number in scores_of(entry):
            by_judge.setdefault(number.judge or "judge", []).append(number.reading)
    return by_judge


def _score(judge: str, readings: Sequence[Reading]) -> Headline:
    means = {role: _mean([getattr(numbers, role) for numbers in readings]) for role in ("picture", "members", "start")}
    beside = [
        f"{name} {format_probability(means[role])}"
        for role, name in (("members", "photos"), ("start", "start"))
        if means[role] is not None
    ]
    return Headline(
        format_probability(means["picture"]),
        f"transfer score, {printable(judge)}",
        " · ".join(beside),
        f"Mean over the pictures. {SCORE.words}",
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
