"""What several sheets say alike: title and provenance of the run, the name of a facet or objective, its loss."""

from mindseye.report.drawing import BODY, FAINT, SMALL, TITLE, WARNING, Sheet, facet_colour, text_width
from mindseye.report.manifest import Json, label, number, provenance, random_weights
from mindseye.report.numbers import loss_terms, shown

HEADER = round(1.4 * TITLE) + round(1.6 * SMALL)


def draw_header(sheet: Sheet, manifest: Json, title: str, x: int, y: int) -> None:
    """Title and provenance at (x, y), `HEADER` px high, with the warning that random weights demand."""
    room = sheet.width - 2 * x
    sheet.text(x, y, title, TITLE, bold=True, width=room)
    y += round(1.4 * TITLE)
    if random_weights(manifest):
        warning = "random weights"
        sheet.text(x, y, warning, SMALL, colour=WARNING, bold=True)
        taken = text_width(warning, SMALL, bold=True) + SMALL
        x, room = x + taken, room - taken
    sheet.text(x, y, provenance(manifest), SMALL, colour=FAINT, width=room)


def draw_facet_name(sheet: Sheet, facet: Json, x: int, y: int, width: int, size: int = BODY) -> None:
    """The facet's number in its colour, then its label where it has one, in one line at (x, y)."""
    name = label(facet)
    index = str(number(facet)) if name else f"facet {number(facet)}"
    sheet.text(x, y, index, size, colour=facet_colour(number(facet)), bold=True, width=width)
    taken = text_width(index, size, bold=True) + size // 2
    sheet.text(x + taken, y, name, size, bold=True, width=max(1, width - taken))


def draw_objective_name(sheet: Sheet, picture: Json, name: str, x: int, y: int, width: int) -> None:
    """The number of an objective's picture in its colour, then its name, in one line at (x, y)."""
    index = str(number(picture))
    sheet.text(x, y, index, BODY, colour=facet_colour(number(picture)), bold=True)
    taken = text_width(index, BODY, bold=True) + BODY // 2
    sheet.text(x + taken, y, name, BODY, bold=True, width=max(1, width - taken))


def draw_loss(sheet: Sheet, facet: Json, x: int, y: int, width: int, most: int) -> None:
    """At most `most` terms of the facet's loss from (x, y) down, under a heading: name, first and last value.

    The terms are those of a loss: what is to grow counts negatively.
    """
    terms = list(loss_terms(facet).items())[:most]
    if terms:
        sheet.text(x, y, "loss, first → last step", SMALL, colour=FAINT, width=width)
        y += SMALL + 8
    for index, (name, (start, end)) in enumerate(terms):
        top, values = y + index * (SMALL + 8), f"{shown(start)} → {shown(end)}"
        sheet.text(x + width, top, values, SMALL, colour=FAINT, anchor="ra")
        sheet.text(x, top, name, SMALL, colour=FAINT, width=max(1, width - text_width(values, SMALL) - SMALL // 2))
