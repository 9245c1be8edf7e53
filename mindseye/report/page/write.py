"""The page of a run, written into its folder."""

from pathlib import Path
from typing import Any

from mindseye.errors import UserError
from mindseye.report.manifest import names_objectives, preprocessing_line, seen_side
from mindseye.report.page.cards import PageImage
from mindseye.report.page.content import content_of
from mindseye.report.page.examples import examples_page
from mindseye.report.page.explanation import explanation_page
from mindseye.report.page.front import front_of, map_photos
from mindseye.report.page.items import Content
from mindseye.report.page.pictures import PageImages
from mindseye.report.page.templates import inline_parts, render
from mindseye.report.page.transfer import transfer_page
from mindseye.report.progress import Progress
from mindseye.runs.files import write_bytes
from mindseye.runs.folder import EXAMPLES, FACETS, MANIFEST, PAGE, RunFolder
from mindseye.runs.schema import ExamplesRecord, Manifest
from mindseye.runs.transfers import RECORD, TransferFolder

STYLES = (
    "base",
    "front",
    "item",
    "numbers",
    "wide",
    "table",
    "channels",
    "photo",
    "zoom",
    "map",
    "facet-pair",
    "targets",
    "print",
)
SCRIPTS = (
    "dom",
    "match",
    "data",
    "address",
    "tip",
    "photo",
    "save",
    "zoom",
    "chart",
    "map",
    "map-points",
    "selection",
    "map-thumbnails",
    "map-zoom",
    "lasso",
    "map-keys",
    "numbers",
    "item",
    "gallery",
    "facet-pair",
    "layers",
    "table",
    "histogram",
    "csv",
    "order",
    "photo-view",
    "channel",
    "channels",
    "entangled",
    "words",
    "views",
    "keys",
    "theme",
    "way-back",
    "start",
    "rove",
)
MOST_ON_MAP = 80


def write_page(run: Path) -> Path:
    """Write the page of the run, examples or transfer in this folder, FOLDER/report.html, anew; its path.

    One file that holds everything that it shows: it opens from disk and wherever it is sent, and asks for nothing. Pictures
    and photos are made smaller where there are many. Photos that are gone are shown by their names.

    Raises:
        UserError: if the folder holds nothing that a command leaves, or a run without pictures, or the page cannot be written.
    """
    path = run / PAGE
    write_bytes(path, _text(run).encode("utf-8", "replace"))
    return path


def has_page(folder: Path) -> bool:
    """Whether a folder holds what ``write_page`` can write the page of."""
    return any((folder / name).is_file() for name in (MANIFEST, EXAMPLES, RECORD))


def _text(folder: Path) -> str:
    """The page of what a folder holds: a run, examples, or a transfer."""
    if not RunFolder(folder).exists():
        if (folder / EXAMPLES).is_file():
            return examples_page(folder, ExamplesRecord.read(folder / EXAMPLES))
        if (folder / RECORD).is_file():
            return transfer_page(folder, TransferFolder(folder).read())
    manifest = RunFolder(folder).read()
    if manifest.kind == "explain" and manifest.photos:
        return explanation_page(folder, manifest)
    if not (names_objectives(manifest) or manifest.layers):
        raise UserError(f"{folder} holds no pictures for a page yet; the command that began it continues it")
    return page_of(folder, manifest)


def leave_page(run: Path, progress: Progress) -> None:
    """``write_page`` at the end of a command that did something else: a page that cannot be written costs only itself."""
    with progress.stage("page", 1, "page") as advance:
        try:
            write_page(run)
        except (
            Exception
        ) as error:  # whatever went wrong, the run is there and finished; `mindseye report` tells it again
            reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            progress.say(f"note: no page was written ({reason})")
        advance(1)


def page_of(run: Path, manifest: Manifest) -> str:
    """The page as text."""
    content, images = content_of(run, manifest)
    front = front_of(run, manifest, lambda place, entry: _picture(content, images, place), None, MOST_ON_MAP)
    thumbnails = content["photos"]["thumbnails"]
    on_map = map_photos(manifest, front.map)
    on_front = {card.picture.number for _, cards in front.groups for card in cards if card.picture}
    content["pictures"] = [None if number in on_front else uri for number, uri in enumerate(images.uris)]
    content["photos"]["thumbnails"] = [None if number in on_map else uri for number, uri in enumerate(thumbnails)]
    return render(
        "page.html",
        **inline_parts(STYLES, SCRIPTS),
        title=front.title,
        front=front,
        content=content,
        photos={number: thumbnails[number] for number in on_map},
        live=True,
        making=_making(manifest),
        files=[name for name in (MANIFEST, FACETS, "pictures", "figures") if (run / name).exists()],
    )


def _picture(content: Content, images: PageImages, place: int) -> PageImage | None:
    """The picture at a place of the first screen, which is that of the deepest layer, or of an objective."""
    rows = content["layers"]
    number = rows[-1]["items"][place]["picture"] if rows else None
    uri = images.uri(number)
    return None if uri is None else PageImage(uri, number)


def _making(manifest: Manifest) -> dict[str, Any]:
    """How the run was made: the command, and lists of name and value."""
    model = manifest.model
    return {
        "command": manifest.command.encode("utf-8", "replace").decode(),
        "notes": manifest.notes,
        "skipped": [(skipped.path, skipped.reason) for skipped in manifest.skipped],
        "recipe": manifest.recipe,
        "network": {
            "name": model.name,
            "weights": model.weights,
            "in_channels": model.in_channels,
            "preprocessing": preprocessing_line(model, seen_side(manifest)).removeprefix("preprocessing: "),
        },
        "seconds": {name: f"{value:.1f} s" for name, value in manifest.seconds.items()},
        "versions": manifest.versions | {"device": manifest.device},
    }
