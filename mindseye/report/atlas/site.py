"""What all pages of an atlas share: their styles and script, what they may do, and links between them."""

import json
import os
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from mindseye.report.manifest import is_untrained, photo_folder
from mindseye.report.page.templates import render, script, site_policy, style
from mindseye.report.typeface import printable
from mindseye.runs.files import write_bytes
from mindseye.runs.schema import AtlasRecord

STYLES = ("base", "front", "index", "item", "channels", "atlas")
SCRIPTS = ("dom", "match", "tip", "theme", "atlas-page", "atlas-sheet", "atlas-search")
INDEX = "index.html"


def write_assets(folder: Path) -> None:
    """Write the style sheet and the script that all pages share."""
    write_bytes(folder / "atlas.css", style(*STYLES).encode())
    write_bytes(folder / "atlas.js", script(*SCRIPTS).encode())


def write_page(path: Path, template: str, title: str, root: str, **values: object) -> None:
    """Write a page. root: the way from the page's folder to the atlas's, such as ``../``.

    Raises:
        UserError: if it cannot be written.
    """
    early = script("early")
    page = render(template, title=printable(title), policy=site_policy(early), early=early, root=root, **values)
    write_bytes(path, page.encode("utf-8", "replace"))


def embed_json(values: object) -> Markup:
    """Plain values as JSON that a script element can hold, whatever texts are in them."""
    return Markup(json.dumps(values, separators=(",", ":")).replace("<", "\\u003c"))


def link(text: str) -> str:
    """A relative path as a URL."""
    return quote(os.fsencode(text))


def about(record: AtlasRecord) -> str:
    """The network, the photos and how pictures were painted, in a line."""
    parts = [record.model.name, f"weights {record.model.weights}" if record.model.weights else ""]
    parts += [f"{record.images.count} photos of {photo_folder(record.images)}" if record.images.root else ""]
    recipe = record.recipe
    parts += [f"recipe {recipe['name']}, {recipe['steps']} steps" if recipe.get("name") else "", f"seed {record.seed}"]
    parts += ["random weights" if is_untrained(record.model) else ""]
    return printable(" · ".join(part for part in parts if part))
