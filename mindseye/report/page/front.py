"""The first screen of a run, for its page and for a notebook: its pictures at a glance, and the map of its photos."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from mindseye.report.drawing import printable
from mindseye.report.manifest import (
    Json,
    facets,
    failure,
    image_paths,
    label,
    layer_lines,
    layer_name,
    layers,
    members,
    name_in_group,
    names_objectives,
    number,
    objective_name,
    photo_path,
    picture_groups,
    provenance,
    random_weights,
    title,
)
from mindseye.report.numbers import VALUE, probable, reading, shown, sightings
from mindseye.report.page.headlines import headlines
from mindseye.report.page.items import hue, item_name
from mindseye.report.page.map import PhotoMap, photo_map
from mindseye.report.page.measures import SCORE, judged_label, score_of
from mindseye.report.page.photos import strip
from mindseye.report.page.pictures import any_photo, data_uri, own_picture
from mindseye.report.thinning import thinned
from mindseye.report.tiles import framed

TINY, MEMBER = 56, 44
MOST_LAYERS = 8


@dataclass(frozen=True)
class Held:
    """A picture that the page holds. uri: itself. number: by which the page's script knows it, None where it need not."""

    uri: str
    number: int | None = None


@dataclass(frozen=True)
class Small:
    """A small picture and its size in px."""

    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Card:
    """One picture of the first screen, with what stands below it.

    place: of the picture among all of its layer. strip: the nearest members, or the photo that it was painted from.
    depth: the facet's pictures at each layer, early to late, where there are several. words: of the score.
    """

    place: int
    number: int
    name: str
    label: str
    hue: tuple[int, int]
    failure: str | None
    picture: Held | None
    strip: Small | None
    strip_text: str
    depth: list[tuple[int, str, str | None]]
    score: str
    words: str


@dataclass(frozen=True)
class Front:
    """Everything that the template of the first screen shows. more: pictures that it leaves out."""

    title: str
    provenance: str
    warning: str
    intro: str
    headlines: list[Any]
    groups: list[tuple[str, list[Card]]]
    more: int
    kind: str
    map: PhotoMap | None
    layer: str


Holding = Callable[[int, Json], Held | None]


def front_of(folder: Path, manifest: Json, hold: Holding, most: int | None, thumbnails: int) -> Front:
    """The first screen of the run in `folder`.

    Args:
        hold: gives the picture at a place among those of the deepest layer, or of all objectives.
        most: how many pictures; None for all.
        thumbnails: at most so many photos on the map.
    """
    named, rows = names_objectives(manifest), layers(manifest)
    groups = _named_groups(folder, manifest, hold, most) if named else _facet_groups(folder, rows, hold, most)
    count = len(manifest_entries(manifest))
    return Front(
        title=title(manifest),
        provenance=provenance(manifest),
        warning="random weights" if random_weights(manifest) else "",
        intro=_intro(manifest),
        headlines=headlines(manifest),
        groups=groups,
        kind="pictures" if named else "facets",
        more=0 if most is None else max(0, count - most),
        map=None if named else photo_map(folder, manifest, thumbnails),
        layer=layer_name(rows[-1]) if rows else "",
    )


def manifest_entries(manifest: Json) -> list[Json]:
    """The entries of the first screen, in its order: the facets of the deepest layer, or all objectives."""
    if names_objectives(manifest):
        return [one for _, group in picture_groups(manifest) for one in group]
    rows = layers(manifest)
    return facets(rows[-1]) if rows else []


def _intro(manifest: Json) -> str:
    """What one looks at, in plain words."""
    if names_objectives(manifest):
        return {
            "invert": "Each picture is what a layer keeps of a photo: what it has lost, the layer has forgotten.",
            "accentuate": "Each picture is a photo with more of something painted into it.",
        }.get(
            str(manifest.get("kind")),
            "Each picture is painted, from noise, to excite one thing in the network: a unit, a layer or a class.",
        )
    return (
        "The network itself sorts the photos into groups that it treats as alike (facets). Each large picture is painted "
        "from scratch to show what one group has in common for the network. The small photos below it are the group's most "
        "typical ones; they guide the painting, but none of their pixels are in it."
    )


def _facet_groups(folder: Path, rows: list[Json], hold: Holding, most: int | None) -> list[tuple[str, list[Card]]]:
    found = facets(rows[-1])[:most] if rows else []
    by_layer = [{number(facet): facet for facet in facets(layer)} for layer in rows]

    def card(place: int, facet: Json) -> Card:
        photos = strip(facet, MEMBER)
        return Card(
            **_common(place, facet, hold),
            strip=_small(photos),
            strip_text=f"the nearest photos of facet {number(facet)}" if members(facet) else "",
            depth=list(_depth(folder, rows, by_layer, number(facet))),
        )

    return [("", [card(place, facet) for place, facet in enumerate(found)])] if found else []


def _depth(
    folder: Path, rows: list[Json], by_layer: list[dict[int, Json]], index: int
) -> Iterator[tuple[int, str, str | None]]:
    """Number, name and small picture of the facet at each layer; at most eight layers, evenly spread."""
    if len(rows) < 2:
        return
    for place in thinned(range(len(rows)), MOST_LAYERS):
        small = own_picture(folder, by_layer[place].get(index, {}).get("picture"))
        about = ", ".join([layer_name(rows[place]), *layer_lines(rows[place])])
        yield (
            place,
            about,
            None if small is None else data_uri(framed(small, TINY) if min(small.size) > TINY else small),
        )


def _named_groups(folder: Path, manifest: Json, hold: Holding, most: int | None) -> list[tuple[str, list[Card]]]:
    groups: list[tuple[str, list[Card]]] = []
    place = 0
    for name, group in picture_groups(manifest):
        cards = []
        for one in group:
            if most is None or place < most:
                cards.append(_named_card(place, one, hold, name_in_group(one) if name else objective_name(one)))
            place += 1
        if not cards:
            continue
        if not name and groups and not groups[-1][0]:
            groups[-1][1].extend(cards)
        else:
            groups.append((name, cards))
    return groups


def _named_card(place: int, one: Json, hold: Holding, name: str) -> Card:
    source = photo_path(one)
    photo = None if source is None else any_photo(source)
    row = strip(one, MEMBER) if source is None else None if photo is None else photo.copy()
    if source is not None and row is not None:
        row.thumbnail((4 * MEMBER, 2 * MEMBER), Image.Resampling.LANCZOS)
    text = f"the photo {printable(Path(source).name)}" if source else "the photos that the picture stands for"
    return Card(
        **_common(place, one, hold, name),
        strip=_small(row),
        strip_text=text if row is not None else "",
        depth=[],
    )


def _common(place: int, entry: Json, hold: Holding, name: str | None = None) -> dict[str, Any]:
    said, words = _score(entry)
    return {
        "place": place,
        "number": number(entry),
        "name": name or item_name(entry),
        "label": label(entry) or (printable(judged_label(entry)) if "objective" not in entry else ""),
        "hue": hue(number(entry)),
        "failure": failure(entry),
        "picture": hold(place, entry),
        "score": said,
        "words": words,
    }


def _score(entry: Json) -> tuple[str, str]:
    """The one number that stands below a picture, and what it means: what judges say, or else the objective's value."""
    judge, score = score_of(entry)
    if score.picture is not None:
        beside = "" if score.members is None else f" · photos {probable(score.members)}"
        who = printable(f"{judge or 'judge'}: {judged_label(entry)}")
        return f"transfer {probable(score.picture)}{beside}", f"{who}, start {probable(score.start)}. {SCORE.words}"
    value = reading(entry, VALUE)
    if value.picture is None:
        return "", ""
    seen = next((one.sees[0][0] for one in sightings(entry) if one.sees), "")
    words = "What the objective says of the start and of the picture." + (
        f" A judge sees: {printable(seen)}." if seen else ""
    )
    return f"value {shown(value.start)} → {shown(value.picture)}", words


def _small(image: Image.Image | None) -> Small | None:
    return None if image is None else Small(data_uri(image), image.width, image.height)


def paths_of_map(manifest: Json, found: PhotoMap | None) -> dict[int, str]:
    """Path of each photo that has a thumbnail on the map, by number."""
    paths = image_paths(manifest)
    return {
        photo: paths[photo]
        for group in (found.groups if found else [])
        for *_, photo in group.thumbnails
        if photo < len(paths)
    }
