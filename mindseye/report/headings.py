"""What several sheets say alike: title and provenance of the run, the name of a facet or objective, its loss."""

from mindseye.report.drawing import BODY, FAINT, SMALL, TITLE, WARNING
from mindseye.report.manifest import facet_label, is_untrained, provenance
from mindseye.report.numbers import format_number, loss_terms
from mindseye.report.sheet import Sheet
from mindseye.report.typeface import text_width
from mindseye.runs.schema import FacetEntry, Manifest, ModelEntry, PaintedEntry, PictureEntry

HEADER = round(1.4 * TITLE) + round(1.6 * SMALL)


def draw_header(sheet: Sheet, manifest: Manifest, title: str, x: int, y: int) -> None:
    """Title and provenance at (x, y), ``HEADER`` px high, with the warning that random weights demand."""
    draw_title(sheet, title, provenance(manifest), manifest.model, x, y)


def draw_title(sheet: Sheet, title: str, line: str, model: ModelEntry, x: int, y: int) -> None:
    """A title and a line below it at (x, y), ``HEADER`` px high, with the warning that random weights demand."""
    room = sheet.width - 2 * x
    sheet.text(x, y, title, TITLE, bold=True, width=room)
    y += round(1.4 * TITLE)
    if is_untrained(model):
        warning = "random weights"
        sheet.text(x, y, warning, SMALL, colour=WARNING, bold=True)
        taken = text_width(warning, SMALL, bold=True) + SMALL
        x, room = x + taken, room - taken
    sheet.text(x, y, line, SMALL, colour=FAINT, width=room)


def draw_facet_name(sheet: Sheet, facet: FacetEntry, x: int, y: int, width: int, size: int = BODY) -> None:
    """The facet's number in its colour, then its label where it has one, in one line at (x, y).

    Of a label with synonyms ("grand piano, grand") that is too long, the first is shown.
    """
    name = facet_label(facet)
    index = str(facet.index) if name else f"facet {facet.index}"
    sheet.text(x, y, index, size, colour=sheet.theme.facet(facet.index), bold=True, width=width)
    taken = text_width(index, size, bold=True) + size // 2
    room = max(1, width - taken)
    if text_width(name, size, bold=True) > room:
        name = name.partition(", ")[0]
    sheet.text(x + taken, y, name, size, bold=True, width=room)


def draw_objective_name(sheet: Sheet, picture: PictureEntry, name: str, x: int, y: int, width: int) -> None:
    """The number of an objective's picture in its colour, then its name, in one line at (x, y)."""
    index = str(picture.index)
    sheet.text(x, y, index, BODY, colour=sheet.theme.facet(picture.index), bold=True)
    taken = text_width(index, BODY, bold=True) + BODY // 2
    sheet.text(x + taken, y, name, BODY, bold=True, width=max(1, width - taken))


def draw_loss(sheet: Sheet, entry: PaintedEntry, x: int, y: int, width: int, most: int) -> None:
    """At most ``most`` terms of the loss from (x, y) down, under a heading: name, first and last value.

    The terms are those of a loss: what is to grow counts negatively.
    """
    terms = list(loss_terms(entry).items())[:most]
    if terms:
        sheet.text(x, y, "loss, first → last step", SMALL, colour=FAINT, width=width)
        y += SMALL + 8
    for index, (name, (start, end)) in enumerate(terms):
        top, values = y + index * (SMALL + 8), f"{format_number(start)} → {format_number(end)}"
        sheet.text(x + width, top, values, SMALL, colour=FAINT, anchor="ra")
        sheet.text(x, top, name, SMALL, colour=FAINT, width=max(1, width - text_width(values, SMALL) - SMALL // 2))
