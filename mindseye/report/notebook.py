"""A finished run as a value: where it is, what failed, and how it shows itself in a notebook."""

import base64
import html
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mindseye.errors import UserError
from mindseye.report.drawing import facet_colour
from mindseye.report.manifest import (
    Json,
    facets,
    failure,
    label,
    layer_lines,
    layer_name,
    layers,
    members,
    number,
    provenance,
    random_weights,
    title,
)
from mindseye.report.tiles import failed, mosaic, picture
from mindseye.runs.folder import Manifest, RunFolder
from mindseye.runs.manifest import failures

SIDE = 120
MOST_FACETS = 8
MOST_LAYERS = 8
COLOURS = 255


@dataclass(frozen=True)
class Run:
    """A run folder, as `mindseye.visualize` returns it."""

    path: Path

    @property
    def manifest(self) -> Manifest:
        """run.json, read anew.

        Raises:
            UserError: if the folder no longer holds a readable run.
        """
        return RunFolder(self.path).read()

    @property
    def pictures(self) -> dict[str, list[Path]]:
        """Per layer, the pictures of the facets that were painted."""
        return {
            layer_name(layer): [self.path / facet["picture"] for facet in facets(layer) if facet.get("picture")]
            for layer in layers(self.manifest)
        }

    @property
    def failures(self) -> list[str]:
        """One line per facet that failed."""
        return failures(self.manifest)

    def _repr_html_(self) -> str:
        return first_screen(self.path)


def first_screen(run_dir: Path) -> str:
    """The run's pictures at a glance, as HTML that needs nothing beside itself: facets across, layers down.

    At most eight of each are shown. A folder that holds no readable run gives the one line that says so.
    """
    try:
        manifest = RunFolder(run_dir).read()
    except UserError as error:
        return f"<p>{html.escape(str(error))}</p>"
    every = layers(manifest)
    rows = _thinned(every)
    columns = facets(every[-1])[:MOST_FACETS] if every else []
    body = [_members_row(columns), *(_layer_row(run_dir, layer, columns) for layer in rows)]
    hidden = len(facets(every[-1])) - len(columns) if every else 0
    more = f"{hidden} more facets and " if hidden > 0 else ""
    warning = "<b style='color:#b36b00'>random weights</b> · " if random_weights(manifest) else ""
    return (
        "<div style='overflow-x:auto;font:13px system-ui,sans-serif'>"
        f"<div style='font-size:18px;font-weight:600'>{html.escape(title(manifest))}</div>"
        f"<div style='opacity:.7;margin:2px 0 10px'>{warning}{html.escape(provenance(manifest))}</div>"
        f"<table style='border-spacing:6px;border-collapse:separate'>{''.join(body)}</table>"
        f"<div style='opacity:.7;margin-top:8px'>{more}figures in {html.escape(str(run_dir))}</div></div>"
    )


def _thinned(rows: list[Json]) -> list[Json]:
    """At most eight layers, evenly from the first to the last."""
    if len(rows) <= MOST_LAYERS:
        return rows
    return [rows[round(place * (len(rows) - 1) / (MOST_LAYERS - 1))] for place in range(MOST_LAYERS)]


def _members_row(columns: list[Json]) -> str:
    cells = [_cell("", "")]
    for facet in columns:
        name = html.escape(label(facet))
        colour = "rgb({}, {}, {})".format(*facet_colour(number(facet)))
        head = f"<div style='border-top:3px solid {colour};font-weight:600'>{name or 'facet'} {number(facet)}</div>"
        cells.append(_cell(head, _image(mosaic(members(facet), SIDE, 3, 2), f"members of facet {number(facet)}")))
    return f"<tr>{''.join(cells)}</tr>"


def _layer_row(run_dir: Path, layer: Json, columns: list[Json]) -> str:
    about = "<br>".join(html.escape(line) for line in layer_lines(layer))
    head = f"<b>{html.escape(layer_name(layer))}</b><div style='opacity:.7'>{about}</div>"
    found = {number(facet): facet for facet in facets(layer)}
    cells = [_cell(head, "")]
    for column in columns:
        facet = found.get(number(column), {})
        reason = failure(facet)
        tile = failed(SIDE, reason) if reason else picture(run_dir, facet.get("picture"), SIDE)
        cells.append(_cell("", _image(tile, f"{layer_name(layer)}, facet {number(column)}")))
    return f"<tr>{''.join(cells)}</tr>"


def _cell(head: str, image: str) -> str:
    style = f"text-align:left;vertical-align:middle;padding:0;background:none;max-width:{2 * SIDE}px"
    return f"<td style='{style};overflow-wrap:anywhere'>{head}{image}</td>"


def _image(tile: Image.Image, text: str) -> str:
    """The tile as an inlined PNG, its colours reduced to a palette: a notebook keeps every byte of it."""
    buffer = io.BytesIO()
    tile.quantize(COLOURS).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f"<img width={SIDE} height={SIDE} alt='{html.escape(text)}' src='data:image/png;base64,{data}'>"
