"""The page of a run of `explain`: each photo beside its maps, a row for each network; what the checks say."""

from collections.abc import Sequence
from pathlib import Path

from mindseye.photos.decode import decode
from mindseye.photos.depth import UndecodableError
from mindseye.report.explanation import about_map
from mindseye.report.heat import as_image
from mindseye.report.manifest import is_untrained
from mindseye.report.markdown import CHECKS, check_rows, curved_values
from mindseye.report.numbers import format_number
from mindseye.report.page.pictures import data_uri, fit_side, read_any_photo, shrink
from mindseye.report.page.plain import PageTable, PlainPage, Section, Tile, TileRow, plain_page
from mindseye.report.tiles import own_picture
from mindseye.report.typeface import printable
from mindseye.report.where import view_of
from mindseye.runs.folder import MANIFEST
from mindseye.runs.schema import ExplainedModelEntry, ExplainedPhotoEntry, Manifest, MapEntry
from mindseye.wording import counted

BUDGET, LEAST, LARGEST = 5e6, 96, 320
MOST = 200
"""Photos on the page; further ones have their figures in the folder."""
INTRO = (
    "Each map says which parts of a photo speak for what is explained, by one method; each method asks another question. Red "
    "speaks for it and blue against it; maps that have no against run from black over red to yellow. A map is worth no more than "
    "its method: two that agree say more than one that looks fine."
)
CHECKED = (
    "Means over the photos, with standard errors. Deletion: pixels are removed in the map's order; the lower the area, the better "
    "the map. Insertion: they are added; the higher, the better. Random order is a map that knows nothing. Absolute, signed: how "
    "alike the map is when the network forgets, first a sixth, last everything; near 1 it shows the photo, not the network. The "
    "curves are of the {}."
)


def explanation_page(folder: Path, manifest: Manifest) -> str:
    """The page of the run of ``explain`` in a folder."""
    photos = manifest.photos[:MOST]
    side = fit_side(BUDGET, sum(len(photo.maps) + 1 for photo in photos), LEAST, LARGEST)
    checks = check_rows(manifest)
    table = PageTable(CHECKS, checks, CHECKED.format(curved_values(manifest)), named=2)
    sections = [Section("Are the maps worth anything?", tables=[table])] if checks else []
    sections += [_photo(folder, manifest, photo, side) for photo in photos]
    more = len(manifest.photos) - len(photos)
    networks = [printable(model.name) for model in manifest.models]
    return plain_page(
        PlainPage(
            title=f"Where {' and '.join(networks[:3]) or 'a network'} {'look' if len(networks) > 1 else 'looks'}",
            provenance=f"{counted(len(manifest.photos), 'photos')} · target {printable(manifest.target)} · seed {manifest.seed}",
            warning="random weights" if any(is_untrained(model) for model in manifest.models) else "",
            intro=INTRO,
            kind="photos",
            sections=sections,
            command=manifest.command,
            notes=[*manifest.notes, *([f"{more} more photos have their figures in the folder"] if more else [])],
            skipped=[(skipped.path, skipped.reason) for skipped in manifest.skipped],
            making={
                **{f"The network {name}": _about(model) for name, model in zip(networks, manifest.models, strict=True)},
                "Seconds": {name: f"{value:.1f} s" for name, value in manifest.seconds.items()},
                "Versions": manifest.versions | {"device": manifest.device},
            },
            files=[MANIFEST, *(["table.md"] if (folder / "table.md").is_file() else [])],
        )
    )


def _about(model: ExplainedModelEntry) -> dict[str, str]:
    about = {"weights": model.weights, "sees photos at": f"{model.side} px", "in_channels": str(model.in_channels)}
    if model.target is not None:
        about |= {"read from": model.target.layer}
    return about | {f"not {method}": reason for method, reason in model.refused.items()}


def _photo(folder: Path, manifest: Manifest, photo: ExplainedPhotoEntry, side: int) -> Section:
    name = printable(Path(photo.path).name)
    rows = []
    for model in manifest.models:
        maps = [entry for entry in photo.maps if entry.model == model.name]
        first = next((entry for entry in maps if entry.status == "done"), None)
        tiles = [_map(folder, name, entry, side) for entry in maps]
        rows.append(
            TileRow(printable(model.name), [_seen(photo, model, side), *tiles], "" if first is None else _target(first))
        )
    return Section(name, rows=rows)


def _seen(photo: ExplainedPhotoEntry, model: ExplainedModelEntry, side: int) -> Tile:
    """What a network saw of the photo, which its maps lie over; the whole photo where its entry does not say so."""
    view = view_of(model, model.side or None)
    try:
        seen = read_any_photo(photo.path) if view is None else as_image(decode(photo.path, view))
    except UndecodableError:
        seen = None
    line = "the photo" if view is None else "what it sees of the photo"
    return Tile(None if seen is None else data_uri(shrink(seen, side)), printable(Path(photo.path).name), [line])


def _target(entry: MapEntry) -> str:
    score = entry.numbers.get("score")
    return printable(entry.target) + ("" if score is None else f" · score {format_number(score)}")


def _map(folder: Path, photo: str, entry: MapEntry, side: int) -> Tile:
    """The map over the photo; why there is none, where there is none."""
    name = f"{photo}: {entry.method}, {printable(entry.model)}"
    if entry.status != "done":
        return Tile(None, f"failed: {printable(entry.reason or 'no reason recorded')}", [entry.method])
    over = own_picture(folder, entry.overlay)
    lines: Sequence[str] = [entry.method, about_map(entry)]
    return Tile(None if over is None else data_uri(shrink(over, side)), name, [printable(line) for line in lines])
