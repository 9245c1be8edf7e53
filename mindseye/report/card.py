"""What the page over many runs says of each: of a run, of explanations, of examples, of a transfer."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mindseye.report.manifest import (
    Entry,
    deepest_layer,
    entries_of,
    facet_label,
    names_objectives,
    objective_name,
    photo_folder,
    provenance,
)
from mindseye.report.page import has_page
from mindseye.report.page.headlines import mean_score
from mindseye.report.typeface import printable
from mindseye.runs.folder import EXAMPLES, MANIFEST, PAGE, RunFolder
from mindseye.runs.schema import ExamplesRecord, FacetEntry, Manifest
from mindseye.runs.transfers import RECORD, TransferFolder
from mindseye.wording import counted

MOST_MAPS = 16
INDEX = "index.html"


@dataclass(frozen=True)
class Card:
    """One run. link: relative URL of its page as seen from the index; empty for a run without one.

    status: as in run.json, or ``failed`` or ``todo``. note: one line. facts: what it comes to, in a few words each. pictures:
    the path within the folder and the name of each. score: mean probability that the judges give its pictures, None where none
    looked. silhouette: of its facets. changed: when its record was written, in seconds since 1970.
    """

    name: str
    link: str
    status: str
    note: str = ""
    facts: tuple[str, ...] = ()
    folder: Path | None = None
    pictures: tuple[tuple[str | None, str], ...] = ()
    score: float | None = None
    silhouette: float | None = None
    changed: float | None = None


def card_of(run: Path, beside: Path) -> Card:
    """The card of what a command left in a folder. beside: the folder in which the index is to stand.

    Raises:
        UserError: if the folder holds nothing that can be read.
    """
    path = os.path.relpath(run.absolute() / PAGE, beside.absolute())
    name = printable(run.absolute().name)
    link = quote(Path(path).as_posix().encode("utf-8", "surrogateescape"))
    if not has_page(run) and (run / INDEX).is_file():
        return Card(name, link.removesuffix(PAGE) + INDEX, "", "a page over many runs")
    record = next((file for file in (MANIFEST, EXAMPLES, RECORD) if (run / file).is_file()), MANIFEST)
    if record == EXAMPLES:
        return _examples(run, name, link)
    if record == RECORD:
        return _transfer(run, name, link)
    manifest = RunFolder(run).read()
    return Card(
        name=name,
        link=link,
        status=printable(manifest.status),
        note=_note(manifest),
        facts=_facts(manifest),
        folder=run,
        pictures=_pictures(manifest),
        score=mean_score(manifest),
        silhouette=manifest.clusters.silhouette if manifest.clusters else None,
        changed=_changed(run / record),
    )


def _examples(run: Path, name: str, link: str) -> Card:
    record = ExamplesRecord.read(run / EXAMPLES)
    pictures = tuple((channel.sheet, f"channel {channel.channel}") for channel in record.channels)
    parts = ["examples", record.model.name, record.layer.layer, photo_folder(record.images)]
    facts = (counted(len(record.channels), "channels"), counted(record.images.count, "photos"))
    changed = _changed(run / EXAMPLES)
    return Card(name, link, "done", printable(" · ".join(filter(None, parts))), facts, run, pictures, changed=changed)


def _transfer(run: Path, name: str, link: str) -> Card:
    record = TransferFolder(run).read()
    shares = [result.top1.mean for result in record.results if result.top1.mean is not None]
    pictures = tuple((result.sheet, f"{result.painter} judged by {result.judge}") for result in record.results)
    facts = (
        counted(len(record.classes), "classes"),
        *([f"top-1 {100 * sum(shares) / len(shares):.0f} %"] if shares else []),
    )
    note = printable("transfer · " + ", ".join(record.networks))
    return Card(name, link, printable(record.status), note, facts, run, pictures, changed=_changed(run / RECORD))


def _pictures(manifest: Manifest) -> tuple[tuple[str | None, str], ...]:
    """A picture per facet of the deepest layer, or per objective; of an explanation its maps over the photos."""
    if manifest.kind == "explain":
        maps = [entry for photo in manifest.photos for entry in photo.maps if entry.overlay]
        return tuple((entry.overlay, f"{entry.method} of {printable(entry.model)}") for entry in maps[:MOST_MAPS])
    return tuple((entry.picture, _entry_name(entry)) for entry in entries_of(manifest))


def _entry_name(entry: Entry) -> str:
    return (
        f"facet {entry.index} {facet_label(entry)}".strip() if isinstance(entry, FacetEntry) else objective_name(entry)
    )


def _facts(manifest: Manifest) -> tuple[str, ...]:
    if manifest.kind == "explain":
        return (counted(len(manifest.photos), "photos"), counted(len(manifest.methods), "methods"))
    if names_objectives(manifest):
        return (counted(len(manifest.pictures), "pictures"),)
    layer = deepest_layer(manifest)
    further = [counted(len(manifest.layers), "layers")] if len(manifest.layers) > 1 else []
    return (counted(len(layer.facets), "facets"), counted(manifest.images.count, "photos"), *further)


def _note(manifest: Manifest) -> str:
    if manifest.kind == "explain":
        names = ", ".join(model.name for model in manifest.models)
        return printable(" · ".join(["explanations", names, ", ".join(manifest.methods), f"target {manifest.target}"]))
    what = manifest.kind if names_objectives(manifest) else photo_folder(manifest.images)
    layer = "" if names_objectives(manifest) else deepest_layer(manifest).layer
    return printable(" · ".join(part for part in (manifest.model.name, layer, what, provenance(manifest)) if part))


def _changed(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
