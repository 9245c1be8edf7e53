"""The few numbers that a whole run comes down to, each with what it means."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from mindseye.report.drawing import printable
from mindseye.report.manifest import Json, facets, layers, names_objectives, pictures
from mindseye.report.numbers import Reading, probable, shown
from mindseye.report.page.measures import SCORE, numbers_of


@dataclass(frozen=True)
class Headline:
    """A number, what it is called, what stands beside it, and what it means."""

    value: str
    name: str
    beside: str
    words: str


def headlines(manifest: Json) -> list[Headline]:
    """The run's transfer score by judge, and how clearly its facets stand apart and hold."""
    found = [_score(judge, readings) for judge, readings in scores(manifest).items()]
    clusters, summary = manifest.get("clusters"), manifest.get("summary")
    silhouette = _number(clusters, "silhouette")
    of_set = summary.get("set") if isinstance(summary, dict) else None
    stability, null = _number(of_set, "stability"), _number(of_set, "stability_shuffled")
    if silhouette is not None:
        found.append(
            Headline(
                shown(silhouette),
                "silhouette",
                "−1 to 1",
                "How clearly the facets stand apart on the map. There are always as many facets as were asked for: "
                "above 0.5 the photos fall into groups by themselves, below 0.25 hardly.",
            )
        )
    if stability is not None:
        found.append(
            Headline(
                shown(stability),
                "stability",
                f"shuffled {shown(null)}",
                "How alike the facets come out when a fifth of the photos is left out (1: the same), beside the same number "
                "for activations that were shuffled over the photos, which have no groups.",
            )
        )
    return found


def mean_score(manifest: Json) -> float | None:
    """Mean probability that the judges give the run's pictures (of its deepest layer); None where none looked."""
    values = [one.picture for readings in scores(manifest).values() for one in readings if one.picture is not None]
    return fmean(values) if values else None


def scores(manifest: Json) -> dict[str, list[Reading]]:
    """The transfer score of each picture of the deepest layer, or of each objective, by judge."""
    rows = layers(manifest)
    entries = pictures(manifest) if names_objectives(manifest) else facets(rows[-1]) if rows else []
    found: dict[str, list[Reading]] = {}
    for entry in entries:
        for one in numbers_of(entry):
            if one.measure == 0:
                found.setdefault(one.judge or "judge", []).append(one.reading)
    return found


def _score(judge: str, readings: Sequence[Reading]) -> Headline:
    means = {role: _mean([getattr(one, role) for one in readings]) for role in ("picture", "members", "start")}
    beside = [
        f"{name} {probable(means[role])}"
        for role, name in (("members", "photos"), ("start", "start"))
        if means[role] is not None
    ]
    return Headline(
        probable(means["picture"]),
        f"transfer score, {printable(judge)}",
        " · ".join(beside),
        f"Mean over the pictures. {SCORE.words}",
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _number(holder: Any, key: str) -> float | None:
    value = holder.get(key) if isinstance(holder, dict) else None
    return float(value) if isinstance(value, int | float) else None
