"""What the figures say of a run, computed from its manifest: titles, names, and which pictures belong together."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mindseye.report.typeface import printable
from mindseye.runs.schema import (
    ExamplesRecord,
    FacetEntry,
    ImagesEntry,
    LayerEntry,
    Manifest,
    ModelEntry,
    PaintedEntry,
    PictureEntry,
)
from mindseye.wording import counted

Entry = FacetEntry | PictureEntry
"""What has a card of its own: a facet, or the picture of a named objective."""
NAMED = ("paint", "invert", "accentuate")
"""The kinds of runs that paint what the user names, rather than facets that are found."""


def names_objectives(manifest: Manifest) -> bool:
    """Whether the run painted objectives that were named, rather than facets that were found."""
    return bool(manifest.pictures) or manifest.kind in NAMED


def deepest_layer(manifest: Manifest) -> LayerEntry:
    """The last layer of the run; one without name and facets where it has none."""
    return manifest.layers[-1] if manifest.layers else LayerEntry("layer")


def clustered_layer(manifest: Manifest) -> LayerEntry:
    """The layer at which the facets were found, with those facets; by default the deepest."""
    deepest = deepest_layer(manifest)
    if manifest.clusters is None:
        return deepest
    address = manifest.clusters.layer
    return next((layer for layer in manifest.layers if layer.layer == address), replace(deepest, layer=address))


def layer_lines(layer: LayerEntry) -> list[str]:
    """What is known of a layer beside its name: its kind, its channels, its grid of positions."""
    lines = [layer.kind] if layer.kind else []
    lines += [counted(layer.channels, "channels")] if layer.channels else []
    if layer.grid:
        lines.append(
            " × ".join(str(extent) for extent in layer.grid) if len(layer.grid) > 1 else f"{layer.grid[0]} positions"
        )
    return lines


def entries_of(manifest: Manifest) -> Sequence[Entry]:
    """The facets of the deepest layer, or the pictures of all objectives in the order in which figures show them."""
    if names_objectives(manifest):
        return [picture for _, group in picture_groups(manifest) for picture in group]
    return deepest_layer(manifest).facets


def picture_groups(manifest: Manifest) -> list[tuple[str, list[PictureEntry]]]:
    """The pictures that stand side by side and what they share: variants of one objective, the row between two.

    A picture that belongs with no other is a group of its own, under no name.
    """
    pictures = manifest.pictures
    if pictures and manifest.options.get("interpolate"):
        return [(printable(pictures[0].objective.rpartition(" ")[0]), list(pictures))]
    groups: list[tuple[str, list[PictureEntry]]] = []
    for picture in pictures:
        name = "" if picture.variant is None else printable(picture.objective)
        if name and groups and groups[-1][0] == name:
            groups[-1][1].append(picture)
        else:
            groups.append((name, [picture]))
    return groups


def objective_name(picture: PictureEntry) -> str:
    """What the picture shows, as the user wrote it, and which of its variants it is."""
    name = printable(picture.objective or "picture")
    return name if picture.variant is None else f"{name} · {name_in_group(picture)}"


def name_in_group(picture: PictureEntry) -> str:
    """What tells the picture from those beside it: its variant, or its place in the row (``3/7``)."""
    if picture.variant is not None:
        return f"variant {picture.variant}"
    return printable(picture.objective).rpartition(" ")[2]


def facet_label(entry: PaintedEntry) -> str:
    """The facet's label, empty where it has none; no other picture has one."""
    return printable(entry.label or "") if isinstance(entry, FacetEntry) else ""


def failure(entry: PaintedEntry) -> str | None:
    """Why the picture could not be painted; None where it was."""
    return (entry.reason or "no reason recorded") if entry.status == "failed" else None


def snapshots(entry: PaintedEntry) -> dict[int, str]:
    """Path of every picture that was kept on the way, by its step."""
    return {kept.step: kept.picture for kept in entry.steps}


def is_untrained(model: ModelEntry) -> bool:
    """Whether the network was never trained: what it shows must then be said to be of random weights."""
    return model.weights.lower() == "none"


def photo_folder(images: ImagesEntry) -> str:
    """Name of the folder that the photos are from; empty where they were given one by one."""
    return printable(Path(images.root or "").name)


def title(manifest: Manifest) -> str:
    """What the run shows, in one line."""
    name = manifest.model.name
    if names_objectives(manifest):
        does = {"invert": "keeps of a photo", "accentuate": "paints into a photo"}
        return f"What {name} {does.get(manifest.kind, 'looks for')}"
    return f"What {name} sees in {photo_folder(manifest.images) or 'these photos'}"


def title_of(record: Manifest | ExamplesRecord, *parts: str) -> str:
    """The network, then the parts, then the folder of the photos where there is one."""
    folder = photo_folder(record.images)
    return " · ".join([record.model.name, *parts, *([folder] if folder else [])])


def provenance(manifest: Manifest) -> str:
    """How many photos, whose patches, which recipe and which seed, in one line."""
    count, recipe = manifest.images.count, manifest.recipe
    parts = [counted(count, "photos")] if count else []
    patches = (manifest.patches or {}).get("count")
    parts += [f"patches of {counted(patches, 'photos')}"] if patches is not None else []
    parts += [f"recipe {recipe['name']}"] if recipe.get("name") else []
    parts += [f"{recipe['steps']} steps"] if recipe.get("steps") else []
    parts += [f"seed {manifest.seed}"] if manifest.seed is not None else []
    return " · ".join(parts)


def seen_side(manifest: Manifest) -> int | None:
    """The side in px of what the network saw, None where the run does not say it."""
    side = manifest.options.get("size") or manifest.recipe.get("size")
    return side if isinstance(side, int) else None


def preprocessing_line(model: ModelEntry, side: int | None = None) -> str:
    """The network's own preprocessing in one line, empty where it is not recorded. side: what it saw in px, where that is known.

    Whatever the weights were trained at, the two sides are those that the run has used.
    """
    values = dict(model.preprocessing)
    size, resize = values.get("size"), values.get("resize")
    if side and size and resize and side != size and not values.get("fixed_size"):
        values |= {"size": side, "resize": max(1, round(side * resize / size))}
    parts = [f"{name} {_plain(value)}" for name, value in values.items() if not isinstance(value, bool)]
    return "preprocessing: " + ", ".join(parts) if parts else ""


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "(" + ", ".join(_plain(entry) for entry in value) + ")"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
