"""Two runs over the same photos side by side: which facet of one is which of the other, by the photos that they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from mindseye.errors import UserError
from mindseye.facets.matching import match_groups
from mindseye.report.manifest import seen_side
from mindseye.report.networks import MOST, NetworkRow, has_facets, photo_set_of
from mindseye.report.numbers import format_number, format_probability
from mindseye.report.page.headlines import mean_score
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import Manifest


@dataclass(frozen=True)
class Match:
    """A facet of the first run and its partner in the second, by their places; one of them is None where there is none.

    shared: photos that are in both.
    """

    first: int | None
    second: int | None
    shared: int = 0


@dataclass(frozen=True)
class Comparison:
    """Two runs by their places among all. chance: photos that would be shared if the second's facets were drawn by lot."""

    first: int
    second: int
    photos: int
    matches: list[Match]
    chance: float

    @property
    def shared(self) -> int:
        """Photos that lie in partners."""
        return sum(match.shared for match in self.matches)


def compare_runs(folders: Sequence[Path]) -> tuple[dict[int, NetworkRow], list[Comparison]]:
    """Every two of some runs that can be compared: finished runs of facets over the same photos, the first 40 of them.

    Returns:
        The runs that can be compared with another, by their place, and the comparisons, the earlier run first.
    """
    manifests = {place: manifest for place, folder in enumerate(folders) if (manifest := _read(folder)) is not None}
    by_photos: dict[object, list[int]] = {}
    for place, manifest in manifests.items():
        by_photos.setdefault(photo_set_of(manifest), []).append(place)
    together = sorted(place for places in by_photos.values() if len(places) > 1 for place in places)[:MOST]
    rows = {place: NetworkRow.of(folders[place], manifests[place]) for place in together}
    pairs = [
        (first, second)
        for first, second in combinations(together, 2)
        if photo_set_of(manifests[first]) == photo_set_of(manifests[second])
    ]
    known = {place for pair in pairs for place in pair}
    return {place: rows[place] for place in together if place in known}, [
        compare_rows(first, second, rows[first], rows[second]) for first, second in pairs
    ]


def compare_rows(first: int, second: int, one: NetworkRow, other: NetworkRow) -> Comparison:
    """One run beside another, in the order of the first's facets; those of the second that have no partner come last."""
    photos = len(one.manifest.images.paths)
    partners = match_groups(one.groups, other.groups, photos) if one.groups and other.groups else {}
    of_first = {mine: theirs for theirs, mine in partners.items()}
    matches = [
        Match(place, of_first.get(place), len(group & other.groups[of_first[place]]) if place in of_first else 0)
        for place, group in enumerate(one.groups)
    ]
    matches += [Match(None, place) for place in range(len(other.groups)) if place not in partners]
    pairs = [(one.groups[mine], other.groups[theirs]) for theirs, mine in partners.items()]
    chance = sum(len(mine) * len(theirs) for mine, theirs in pairs) / photos if photos else 0.0
    return Comparison(first, second, photos, matches, chance)


def about_run(row: NetworkRow) -> dict[str, str]:
    """What two runs may differ in, by name: what was painted, and what came of it."""
    manifest, recipe = row.manifest, row.manifest.recipe
    side = seen_side(manifest)
    clusters = manifest.clusters
    return {
        "network": manifest.model.name,
        "weights": manifest.model.weights,
        "layer": row.layer.layer,
        "facets found at": clusters.layer if clusters else "",
        "facets": str(len(row.layer.facets)),
        "recipe": str(recipe.get("name", "")),
        "steps": str(recipe.get("steps", "")),
        "size": "" if side is None else f"{side} px",
        "seed": "" if manifest.seed is None else str(manifest.seed),
        "silhouette": format_number(clusters.silhouette if clusters else None),
        "judge's probability": format_probability(mean_score(manifest)),
    }


def _read(folder: Path) -> Manifest | None:
    """The run in a folder, where it can be compared at all."""
    try:
        manifest = RunFolder(folder).read()
    except UserError:
        return None
    return manifest if has_facets(manifest) else None
