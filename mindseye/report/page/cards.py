"""The cards of the first screen: each picture with its photos, its small copies at other layers, and its score."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from mindseye.report.drawing import sample_evenly
from mindseye.report.manifest import (
    Entry,
    deepest_layer,
    facet_label,
    failure,
    layer_lines,
    name_in_group,
    objective_name,
    picture_groups,
)
from mindseye.report.numbers import VALUE, format_number, format_probability, predictions, reading
from mindseye.report.page.colours import colour_style
from mindseye.report.page.items import item_name
from mindseye.report.page.measures import SCORE, judged_label, score_of
from mindseye.report.page.photos import photo_strip
from mindseye.report.page.pictures import data_uri, read_any_photo
from mindseye.report.tiles import fit_tile, own_picture
from mindseye.report.typeface import printable
from mindseye.runs.schema import FacetEntry, LayerEntry, Manifest, PictureEntry

TINY, MEMBER = 56, 44
MOST_LAYERS = 8


@dataclass(frozen=True)
class PageImage:
    """A picture as part of a page. uri: itself. number: by which the page's script knows it, None where it need not."""

    uri: str
    number: int | None = None


@dataclass(frozen=True)
class Strip:
    """A small picture of photos and its size in px."""

    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Card:
    """One picture of the first screen, with what stands below it.

    place: of the picture among all of its layer. colour: a style. strip: the nearest members, or the
    photo that it was painted from. depth: the facet's pictures at each layer, early to late, where there are several.
    words: of the score.
    """

    place: int
    number: int
    name: str
    label: str
    colour: str
    failure: str | None
    picture: PageImage | None
    strip: Strip | None
    strip_text: str
    depth: list[tuple[int, str, str | None]]
    score: str
    words: str


FindPicture = Callable[[int, Entry], PageImage | None]


def facet_cards(folder: Path, manifest: Manifest, find: FindPicture, most: int | None) -> list[tuple[str, list[Card]]]:
    """The cards of the deepest layer's facets, as one group without a name; no group where there are none."""
    cards = [
        Card(
            **_common(place, facet, find, item_name(facet)),
            strip=_strip(photo_strip(facet.members, MEMBER)),
            strip_text=f"members of facet {facet.index}" if facet.members else "",
            depth=list(_depth(folder, manifest.layers, facet.index)),
        )
        for place, facet in enumerate(deepest_layer(manifest).facets[:most])
    ]
    return [("", cards)] if cards else []


def _depth(folder: Path, layers: list[LayerEntry], index: int) -> Iterator[tuple[int, str, str | None]]:
    """Number, name and small picture of the facet at each layer; at most eight layers, evenly spread."""
    if len(layers) < 2:
        return
    for place in sample_evenly(range(len(layers)), MOST_LAYERS):
        layer = layers[place]
        facet = next((facet for facet in layer.facets if facet.index == index), FacetEntry())
        small = own_picture(folder, facet.picture)
        about = ", ".join([layer.layer, *layer_lines(layer)])
        if small is not None and max(small.size) > TINY:
            small = fit_tile(small, TINY)
        yield place, about, None if small is None else data_uri(small)


def picture_cards(manifest: Manifest, find: FindPicture, most: int | None) -> list[tuple[str, list[Card]]]:
    """The cards of named objectives by group; those that stand alone, one after the other, as groups without a name."""
    groups: list[tuple[str, list[Card]]] = []
    place = 0
    for name, pictures in picture_groups(manifest):
        cards = []
        for picture in pictures:
            if most is None or place < most:
                own_name = name_in_group(picture) if name else objective_name(picture)
                cards.append(_picture_card(place, picture, find, own_name))
            place += 1
        if not cards:
            continue
        if not name and groups and not groups[-1][0]:
            groups[-1][1].extend(cards)
        else:
            groups.append((name, cards))
    return groups


def _picture_card(place: int, picture: PictureEntry, find: FindPicture, name: str) -> Card:
    if picture.photo is None:
        photos, text = photo_strip(picture.members, MEMBER), f"members of {name}"
    else:
        photos, text = read_any_photo(picture.photo), f"the photo {printable(Path(picture.photo).name)}"
        if photos is not None:
            photos.thumbnail((4 * MEMBER, 2 * MEMBER), Image.Resampling.LANCZOS)
    return Card(
        **_common(place, picture, find, name),
        strip=_strip(photos),
        strip_text=text if photos is not None else "",
        depth=[],
    )


def _common(place: int, entry: Entry, find: FindPicture, name: str) -> dict[str, Any]:
    score, words = _score(entry)
    label = facet_label(entry) or printable(judged_label(entry))
    return {
        "place": place,
        "number": entry.index,
        "name": name or item_name(entry),
        "label": label if isinstance(entry, FacetEntry) else "",
        "colour": colour_style(entry.index),
        "failure": failure(entry),
        "picture": find(place, entry),
        "score": score,
        "words": words,
    }


def _score(entry: Entry) -> tuple[str, str]:
    """The one number that stands below a picture, and what it means: what judges say, or else the objective's value."""
    judge, score = score_of(entry)
    if score.picture is not None:
        beside = "" if score.members is None else f" · members {format_probability(score.members)}"
        who = printable(f"{judge or 'judge'}: {judged_label(entry)}")
        words = f"{who}, start {format_probability(score.start)}. {SCORE.words}"
        return f"{SCORE.title} {format_probability(score.picture)}{beside}", words
    value = reading(entry.measures, VALUE)
    if value.picture is None:
        return "", ""
    words = "What the objective says of the start and of the picture."
    seen = next((prediction.labels[0][0] for prediction in predictions(entry.measures) if prediction.labels), "")
    words += f" A judge sees: {printable(seen)}." if seen else ""
    return f"value {format_number(value.start)} → {format_number(value.picture)}", words


def _strip(image: Image.Image | None) -> Strip | None:
    return None if image is None else Strip(data_uri(image), image.width, image.height)
