"""The first screen of a run in a notebook: its pictures at a glance, as HTML that holds them itself."""

import base64
import html
import io
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
    names_objectives,
    number,
    objective_name,
    photo_path,
    picture_groups,
    pictures,
    provenance,
    random_weights,
    title,
)
from mindseye.report.numbers import VALUE, reading, shown
from mindseye.report.tiles import failed, mosaic, photo, picture
from mindseye.runs.folder import RunFolder

SIDE = 120
MOST_FACETS = 8
MOST_LAYERS = 8
MOST_PICTURES = 24
ACROSS = 8
COLOURS = 255


def first_screen(run_dir: Path) -> str:
    """The run's pictures at a glance, as HTML that needs nothing beside itself: facets across, layers down.

    At most eight of each are shown, and of named objectives 24 pictures. A folder that holds no readable run gives the
    one line that says so.
    """
    try:
        manifest = RunFolder(run_dir).read()
    except UserError as error:
        return f"<p>{html.escape(str(error))}</p>"
    if names_objectives(manifest):
        body, hidden = _objective_rows(run_dir, manifest), len(pictures(manifest)) - MOST_PICTURES
    else:
        body, hidden = _facet_rows(run_dir, layers(manifest))
    kind = "pictures" if names_objectives(manifest) else "facets"
    more = f"{hidden} more {kind} and " if hidden > 0 else ""
    warning = "<b style='color:#b36b00'>random weights</b> · " if random_weights(manifest) else ""
    return (
        "<div style='overflow-x:auto;font:13px system-ui,sans-serif'>"
        f"<div style='font-size:18px;font-weight:600'>{html.escape(title(manifest))}</div>"
        f"<div style='opacity:.7;margin:2px 0 10px'>{warning}{html.escape(provenance(manifest))}</div>"
        f"<table style='border-spacing:6px;border-collapse:separate'>{''.join(body)}</table>"
        f"<div style='opacity:.7;margin-top:8px'>{more}figures in {html.escape(str(run_dir))}</div></div>"
    )


def _facet_rows(run_dir: Path, every: list[Json]) -> tuple[list[str], int]:
    """The table of a run's facets, and how many of them it does not show."""
    columns = facets(every[-1])[:MOST_FACETS] if every else []
    rows = [_members_row(columns), *(_layer_row(run_dir, layer, columns) for layer in _thinned(every))]
    return rows, len(facets(every[-1])) - len(columns) if every else 0


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


def _objective_rows(run_dir: Path, manifest: Json) -> list[str]:
    """A table row for what stands side by side; the pictures that stand alone fill rows from left to right."""
    rows: list[list[Json]] = []
    left, was_alone = MOST_PICTURES, False
    for name, group in picture_groups(manifest):
        group = group[:left]
        left -= len(group)
        if name or not was_alone or len(rows[-1]) == ACROSS:
            rows.append([])
        rows[-1] += group
        was_alone = not name
    return [f"<tr>{''.join(_objective_cell(run_dir, one) for one in row)}</tr>" for row in rows if row]


def _objective_cell(run_dir: Path, one: Json) -> str:
    """Name, photo and picture of one objective, and what it says of start and picture."""
    name, value = objective_name(one), reading(one, VALUE)
    colour = "rgb({}, {}, {})".format(*facet_colour(number(one)))
    head = f"<div style='border-top:3px solid {colour};font-weight:600'>{html.escape(name)}</div>"
    source, reason = photo_path(one), failure(one)
    images = [] if source is None else [_image(photo(source, SIDE), f"photo of {name}")]
    images.append(_image(failed(SIDE, reason) if reason else picture(run_dir, one.get("picture"), SIDE), name))
    said = "" if value.picture is None else f"value {shown(value.start)} → {shown(value.picture)}"
    return _cell(head, f"{''.join(images)}<div style='opacity:.7'>{said}</div>")


def _cell(head: str, image: str) -> str:
    style = f"text-align:left;vertical-align:middle;padding:0;background:none;max-width:{2 * SIDE}px"
    return f"<td style='{style};overflow-wrap:anywhere'>{head}{image}</td>"


def _image(tile: Image.Image, text: str) -> str:
    """The tile as an inlined PNG, its colours reduced to a palette: a notebook keeps every byte of it."""
    buffer = io.BytesIO()
    tile.quantize(COLOURS).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f"<img width={SIDE} height={SIDE} alt='{html.escape(text)}' src='data:image/png;base64,{data}'>"
