"""The few sentences that a whole run comes down to, each with its numbers and what these mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from mindseye.report.glossary import MEASURES, TERMS
from mindseye.report.manifest import clustered_layer, entries_of, names_objectives
from mindseye.report.numbers import Reading, format_number, format_probability
from mindseye.report.page.measures import SCORE, Number, numbers_of, scores_of
from mindseye.report.typeface import printable
from mindseye.runs.schema import Manifest
from mindseye.wording import counted

CLEAR, WEAK = 0.5, 0.25
"""Of a silhouette: above the first the groups are a reasonable structure, below the second none was found (Kaufman and Rousseeuw,
"Finding Groups in Data", 1990, chapter 2)."""
STEADY, UNSTEADY = 0.8, 0.5
"""Of a stability: above the first nearly all photos stay together, below the second hardly half."""


@dataclass(frozen=True)
class Headline:
    """A sentence, the numbers that it rests on, and what these mean."""

    sentence: str
    numbers: str
    words: str

    @property
    def text(self) -> str:
        """All of it, without what it means."""
        return f"{self.sentence} ({self.numbers})"


def headlines(manifest: Manifest) -> list[Headline]:
    """How clearly the facets stand apart and hold, and what the judges see in the pictures."""
    facets = [line for line in (_groups(manifest), _stability(manifest)) if line]
    return facets + [_judged(judge, manifest) for judge in scores(manifest)]


def mean_score(manifest: Manifest) -> float | None:
    """Mean probability that the judges give the run's pictures (of its deepest layer); None where none looked."""
    values = [
        score.picture for readings in scores(manifest).values() for score in readings if score.picture is not None
    ]
    return fmean(values) if values else None


def scores(manifest: Manifest) -> dict[str, list[Reading]]:
    """The judge's probability of each picture of the deepest layer, or of each objective, by judge."""
    by_judge: dict[str, list[Reading]] = {}
    for entry in entries_of(manifest):
        for number in scores_of(entry):
            by_judge.setdefault(number.judge or "judge", []).append(number.reading)
    return by_judge


def _groups(manifest: Manifest) -> Headline | None:
    clusters = manifest.clusters
    if names_objectives(manifest) or clusters is None or clusters.silhouette is None:
        return None
    count, silhouette, chance = len(clustered_layer(manifest).facets), clusters.silhouette, clusters.silhouette_chance
    by_chance = "" if chance is None else f"; chance {format_number(chance)}"
    if chance is not None and silhouette <= chance:
        sentence = f"{counted(count, 'groups')}, no clearer than chance"
    elif silhouette >= CLEAR:
        sentence = counted(count, "clear groups")
    else:
        sentence = (
            f"{counted(count, 'groups')} that {'run into each other' if silhouette >= WEAK else 'hardly stand apart'}"
        )
    words = f"{TERMS['silhouette'].words} Chance: one cloud of the same shape, cut into as many."
    return Headline(sentence, f"silhouette {format_number(silhouette)}{by_chance}", words)


def _stability(manifest: Manifest) -> Headline | None:
    of_set = manifest.summary.set if manifest.summary else {}
    stability, chance = of_set.get("stability"), of_set.get("stability_shuffled")
    if stability is None:
        return None
    by_chance = "" if chance is None else f"; chance {format_number(chance)}"
    steady = (
        "the same groups"
        if stability >= STEADY
        else "other groups"
        if stability < UNSTEADY
        else "partly the same groups"
    )
    words = f"{TERMS['stability'].words} Chance: activations that were shuffled over the photos."
    return Headline(
        f"Without a fifth of the photos {steady}", f"stability {format_number(stability)}{by_chance}", words
    )


def _judged(judge: str, manifest: Manifest) -> Headline:
    readings = scores(manifest)[judge]
    means = {role: _mean([getattr(numbers, role) for numbers in readings]) for role in ("picture", "members", "start")}
    beside = [f"{role} {format_probability(means[role])}" for role in ("members", "start") if means[role] is not None]
    first = [
        number.reading.picture
        for entry in entries_of(manifest)
        for number in numbers_of(entry)
        if _is_first(number, judge)
    ]
    share = sum(value == 1 for value in first)
    sentence = (
        f"{printable(judge)} names {share} of {counted(len(first), 'pictures')} rightly" if first else printable(judge)
    )
    numbers = f"{SCORE.title} {format_probability(means['picture'])}"
    words = f"Rightly: its first guess is the label of most members, or the one asked for. {SCORE.words} Means over the pictures."
    return Headline(sentence, "; ".join([numbers, ", ".join(beside)]) if beside else numbers, words)


def _is_first(number: Number, judge: str) -> bool:
    measure = MEASURES[number.measure]
    return (measure.family, measure.key, number.judge or "judge") == ("transfer", "top1", judge)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
