"""A figure as SVG or PDF: its text stays text in the PDF, its lines stay lines, and its pictures keep their pixels."""

import io
from typing import Any

from mindseye.report.drawing import DPI, Colour
from mindseye.report.sheet import Line, Picture, Shape, Sheet, Text
from mindseye.report.typeface import runs_of, sized_font

POINTS = 72 / DPI
"""Of a pixel."""


def vector_file(sheet: Sheet, kind: str) -> bytes:
    """The file of a figure, as large as its PNG at 300 dpi. kind: ``svg`` or ``pdf``."""
    import matplotlib  # takes half a second, and most runs write no vectors
    from matplotlib.figure import Figure

    # TrueType in the PDF, so that its text can be selected and edited; outlines in the SVG, which look alike everywhere.
    with matplotlib.rc_context({"pdf.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "mindseye"}):
        figure = Figure(
            figsize=(sheet.width / DPI, sheet.height / DPI), dpi=DPI, facecolor=_share(sheet.theme.paint("paper"))
        )
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, sheet.width), ylim=(sheet.height, 0))
        axes.axis("off")
        for order, item in enumerate(sheet.items):
            _draw(axes, item, order)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, facecolor=figure.get_facecolor(), metadata=_metadata(kind))
    return buffer.getvalue()


def _draw(axes: Any, item: Text | Picture | Line | Shape, order: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Circle, FancyBboxPatch, Polygon, Rectangle

    if isinstance(item, Text):
        _draw_text(axes, item, order)
        return
    if isinstance(item, Picture):
        extent = (item.x, item.x + item.image.width, item.y + item.image.height, item.y)
        axes.imshow(item.image.convert("RGB"), extent=extent, aspect="auto", interpolation="none", zorder=order)
        return
    colour = _share(item.colour)
    if isinstance(item, Line):
        columns, rows = zip(*item.points, strict=True)
        width = item.width * POINTS
        axes.add_line(Line2D(columns, rows, color=colour, linewidth=width, solid_capstyle="butt", zorder=order))
        return
    about: dict[str, Any] = {"facecolor": colour, "edgecolor": "none", "zorder": order}
    (left, top), *others = item.points
    if not others:
        axes.add_patch(Circle((left, top), item.radius, **about))
    elif len(others) > 1:
        axes.add_patch(Polygon(item.points, closed=True, **about))
    else:
        width, height = others[0][0] - left, others[0][1] - top
        radius = min(item.radius, width / 2, height / 2)
        if radius > 0:
            style = f"round,pad=0,rounding_size={radius}"
            axes.add_patch(FancyBboxPatch((left, top), width, height, boxstyle=style, **about))
        else:
            axes.add_patch(Rectangle((left, top), width, height, **about))


def _draw_text(axes: Any, item: Text, order: int) -> None:
    from matplotlib.font_manager import FontProperties

    place = item.x
    for run, file in runs_of(item.text, item.bold):
        font = FontProperties(fname=str(file), size=item.size * POINTS)
        axes.text(
            place, item.y, run, color=_share(item.colour), fontproperties=font, va="baseline", ha="left", zorder=order,
            parse_math=False,
        )  # fmt: skip
        place += sized_font(file, item.size).getlength(run)


def _share(colour: Colour) -> tuple[float, float, float]:
    red, green, blue = (part / 255 for part in colour)
    return red, green, blue


def _metadata(kind: str) -> dict[str, Any]:
    """What a file says of itself; no date, so that the same run writes the same bytes."""
    return {"Date": None, "Creator": "mindseye"} if kind == "svg" else {"CreationDate": None, "Creator": "mindseye"}
