"""What the figures read from run.json: every field may be absent, and a figure then says less rather than failing."""

from pathlib import Path
from typing import Any

from mindseye.report.drawing import printable

Json = dict[str, Any]


def layers(manifest: Json) -> list[Json]:
    """The layers of the run, in its order: early to late."""
    return objects(manifest.get("layers"))


def facets(layer: Json) -> list[Json]:
    """The facets of one layer."""
    return objects(layer.get("facets"))


def members(facet: Json) -> list[Json]:
    """The members of one facet, nearest first."""
    return objects(facet.get("members"))


def entanglement(layer: Json) -> Json:
    """How entangled the layer's channels are, by ``mean``, ``low``, ``null``...; empty where nobody asked."""
    return mapping(layer.get("entanglement"))


def channel_means(layer: Json, measure: str) -> Json:
    """A measure's ``mean`` over the layer's channels, and its ``null``; empty where it was not taken."""
    return mapping(mapping(layer.get("channel_means")).get(measure))


def channel_stats(layer: Json) -> list[Json]:
    """The numbers of each of the layer's channels that were looked at."""
    return objects(layer.get("channel_stats"))


def channel_pictures(layer: Json) -> list[Json]:
    """The most and least entangled channels of the layer, with their pictures and their own facets."""
    return objects(layer.get("channel_pictures"))


def number(facet: Json) -> int:
    """Index of the facet, which is also its colour."""
    index = facet.get("index")
    return index if isinstance(index, int) else 0


def names_objectives(manifest: Json) -> bool:
    """Whether the run painted objectives that were named, rather than facets that were found."""
    return "pictures" in manifest


def pictures(manifest: Json) -> list[Json]:
    """The pictures of named objectives, in the order that they were asked for."""
    return objects(manifest.get("pictures"))


def objective_name(picture: Json) -> str:
    """What the picture shows, as the user wrote it, and which of its variants it is."""
    name = printable(str(picture.get("objective") or "picture"))
    return f"{name} · {name_in_group(picture)}" if isinstance(picture.get("variant"), int) else name


def name_in_group(picture: Json) -> str:
    """What tells the picture from those beside it: its variant, or its place in the row (``3/7``)."""
    variant = picture.get("variant")
    if isinstance(variant, int):
        return f"variant {variant}"
    return printable(str(picture.get("objective"))).rpartition(" ")[2]


def picture_groups(manifest: Json) -> list[tuple[str, list[Json]]]:
    """The pictures that stand side by side and what they share: variants of one objective, the row between two.

    A picture that belongs with no other is a group of its own, under no name.
    """
    every = pictures(manifest)
    if every and mapping(manifest.get("options")).get("interpolate"):
        ends = [str(one.get("objective")).rpartition(" ")[0] for one in every]
        return [(printable(ends[0]), every)]
    groups: list[tuple[str, list[Json]]] = []
    for one in every:
        name = printable(str(one.get("objective"))) if isinstance(one.get("variant"), int) else ""
        if name and groups and groups[-1][0] == name:
            groups[-1][1].append(one)
        else:
            groups.append((name, [one]))
    return groups


def photo_path(picture: Json) -> str | None:
    """The photo that the picture was painted from or into; None where there was none."""
    path = picture.get("photo")
    return path if isinstance(path, str) else None


def layer_name(layer: Json) -> str:
    """Address of the layer."""
    return str(layer.get("layer", "layer"))


def layer_lines(layer: Json) -> list[str]:
    """What is known of a layer beside its name: its kind, its channels, its grid of positions."""
    lines = [str(layer["kind"])] if layer.get("kind") else []
    lines += [f"{layer['channels']} channels"] if layer.get("channels") else []
    grid = layer.get("grid")
    if isinstance(grid, list) and grid:
        lines.append(" × ".join(str(extent) for extent in grid) if len(grid) > 1 else f"{grid[0]} positions")
    return lines


def label(facet: Json) -> str:
    """The facet's label, empty where it has none."""
    return printable(str(facet.get("label") or ""))


def has_where(facet: Json) -> bool:
    """Whether the run kept where this facet lives in its members; runs of earlier versions did not."""
    return isinstance(facet.get("where"), str)


def channels(facet: Json) -> list[Json]:
    """The top-k channels of one facet, each with its share."""
    return objects(facet.get("channels"))


def examples(shown: Json) -> list[Json]:
    """The photos that a channel answers to most."""
    return objects(shown.get("examples"))


def failure(facet: Json) -> str | None:
    """Why the facet could not be painted; None where it was."""
    if facet.get("status") != "failed":
        return None
    return str(facet.get("reason") or facet.get("error") or "no reason recorded")


def steps(facet: Json) -> dict[int, str]:
    """Picture of every snapshot, by its step."""
    found = objects(facet.get("steps"))
    return {entry["step"]: str(entry.get("picture")) for entry in found if isinstance(entry.get("step"), int)}


def model_name(manifest: Json) -> str:
    """Name of the painted network."""
    return str(mapping(manifest.get("model")).get("name") or "a model")


def random_weights(manifest: Json) -> bool:
    """Whether the network was never trained: what it shows must then be said to be of random weights."""
    return str(mapping(manifest.get("model")).get("weights")).lower() == "none"


def image_set(manifest: Json) -> str:
    """Name of the folder that the images are from; empty where they were given one by one."""
    return printable(Path(image_root(manifest)).name)


def image_root(manifest: Json) -> str:
    """The folder that the images are from; empty where they were given one by one."""
    root = mapping(manifest.get("images")).get("root")
    return root if isinstance(root, str) else ""


def image_paths(manifest: Json) -> list[str]:
    """Path of every image, in the order of facets.safetensors."""
    paths = mapping(manifest.get("images")).get("paths")
    return [str(path) for path in paths] if isinstance(paths, list) else []


def clustered_layer(manifest: Json) -> Json:
    """The layer at which the facets were found, with those facets; by default the deepest."""
    rows = layers(manifest)
    deepest = rows[-1] if rows else {}
    name = mapping(manifest.get("clusters")).get("layer")
    other = {**deepest, "layer": name} if name else deepest
    return next((layer for layer in rows if layer.get("layer") == name), other)


def title(manifest: Json) -> str:
    """What the run shows, in one line."""
    if names_objectives(manifest):
        does = {"invert": "keeps of a photo", "accentuate": "paints into a photo"}
        return f"What {model_name(manifest)} {does.get(str(manifest.get('kind')), 'looks for')}"
    return f"What {model_name(manifest)} sees in {image_set(manifest) or 'these images'}"


def provenance(manifest: Json) -> str:
    """How many images, whose patches, which recipe and which seed, in one line."""
    recipe, count = mapping(manifest.get("recipe")), mapping(manifest.get("images")).get("count")
    parts = [f"{count} images"] if count is not None else []
    patches = mapping(manifest.get("patches")).get("count")
    parts += [f"patches of {patches} photos"] if patches is not None else []
    parts += [f"recipe {recipe['name']}"] if recipe.get("name") else []
    parts += [f"{recipe['steps']} steps"] if recipe.get("steps") else []
    parts += [f"seed {manifest['seed']}"] if manifest.get("seed") is not None else []
    return " · ".join(parts)


def command(manifest: Json) -> str:
    """The command that made the run; empty where none is recorded."""
    return str(manifest.get("command") or "").encode("utf-8", "replace").decode()


def preprocessing(manifest: Json) -> str:
    """The network's own preprocessing in one line, empty where it is not recorded."""
    values = mapping(mapping(manifest.get("model")).get("preprocessing"))
    shown = [f"{name} {_plain(value)}" for name, value in values.items() if not isinstance(value, bool)]
    return "preprocessing: " + ", ".join(shown) if shown else ""


def objects(value: object) -> list[Json]:
    """The objects of a list; none of anything else."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def mapping(value: object) -> Json:
    """An object; an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "(" + ", ".join(_plain(entry) for entry in value) + ")"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
