"""The table, the contact sheet and the plot over time."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
from matplotlib import pyplot

from mindseye.report.drawing import BODY, FAINT, MARGIN, SMALL
from mindseye.report.sheet import Sheet
from mindseye.report.tiles import mosaic, picture_tile
from sidebyside.scores import MEMBERS, NOISE, WEIGHTED, Row

MEANS = {"p": "p, mean", "top1": "top-1", "recovered": "recovered"}
MEDIANS = {
    "p": "p, median",
    "home_folder": "home folder",
    "home_facet": "home facet",
    "percentile": "percentile",
    "copy": "copy",
    "total_variation": "TV",
    "high_frequencies": "high freq.",
    "spectrum_slope": "slope",
}
TILE, GAP, LABEL = 168, 6, 230


def table(rows: Sequence[Row], methods: Sequence[str], told: Sequence[str], missing: Mapping[str, str]) -> str:
    """Markdown: a line per method; means of what is yes or no, else medians and quartiles over facets and folders."""
    head = ["", "steps", "s", *MEANS.values(), *MEDIANS.values()]
    lines = [_line(head), _line(["---"] * len(head))]
    for name in [MEMBERS, NOISE, WEIGHTED, *methods]:
        own = [row for row in rows if row["method"] == name]
        if not own:
            continue
        cost = [_median(own, "steps", "{:.0f}"), _median(own, "seconds", "{:.0f}")] if "steps" in own[0] else ["", ""]
        means = [f"{statistics.fmean(_values(own, key)):.2f}" if _values(own, key) else "-" for key in MEANS]
        title = f"{name} (told the label)" if name in told else name
        lines.append(_line([title, *cost, *means, *(_spread(_values(own, key)) for key in MEDIANS)]))
    return (
        "\n".join([*lines, "", *(f"{name}: not installed ({reason})" for name, reason in missing.items())]).rstrip()
        + "\n"
    )


def sheet(
    out: Path, rows: Sequence[str], columns: Sequence[tuple[str, int]], members: Mapping[tuple[str, int], list[str]]
) -> Sheet:
    """Methods down, facets across, from the pictures in ``out``; with the members on top where they are given."""
    names = (["members"] if members else []) + list(rows)
    sheet = Sheet(2 * MARGIN + LABEL + len(columns) * (TILE + GAP), 2 * MARGIN + len(names) * (TILE + GAP))
    for across, (folder, facet) in enumerate(columns):
        x = MARGIN + LABEL + across * (TILE + GAP)
        sheet.text(x, MARGIN - 30, f"{folder} {facet}", SMALL, colour=FAINT, width=TILE)
        for down, name in enumerate(names):
            y = MARGIN + down * (TILE + GAP)
            if members and not down:
                sheet.paste(x, y, mosaic(members[folder, facet], TILE, 2, 3))
            else:
                sheet.paste(x, y, picture_tile(out, picture_path(folder, facet, name), TILE))
    for down, name in enumerate(names):
        sheet.text(MARGIN, MARGIN + down * (TILE + GAP) + TILE / 2, name, BODY, width=LABEL - 12, anchor="lm")
    return sheet


def picture_path(folder: str, facet: int, method: str) -> str:
    """Where a picture lies, relative to the benchmark's folder."""
    return f"pictures/{folder}/{method.replace(' ', '-')}-{facet}.png"


def plot(path: Path, rows: Sequence[Row], methods: Sequence[str]) -> None:
    """The judge's probability and the percentile against the seconds of painting, means over facets and folders."""
    matplotlib.use("Agg")
    figure, panels = pyplot.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for panel, place, key, title in (
        (panels[0], 1, "p", "the judge's probability for the members' label"),
        (panels[1], 2, "percentile", "percentile of nearness to photos"),
    ):
        for name in methods:
            series = [row["series"] for row in rows if row["method"] == name and row.get("series")]
            if series:
                marks = range(min(map(len, series)))
                seconds = [statistics.fmean(one[mark][0] for one in series) for mark in marks]
                values = [statistics.fmean(one[mark][place] for one in series) for mark in marks]
                wide = 2.6 if name == methods[0] else 1.2
                panel.plot(seconds, values, label=name, linewidth=wide, marker="o", markersize=wide + 1)
        own = _values([row for row in rows if row["method"] == MEMBERS], key)
        panel.axhline(statistics.fmean(own), color="black", linestyle="--", linewidth=1, label="members")
        panel.set(xlabel="seconds of painting, all facets of a folder", title=title, ylim=(0, 1), xlim=(0, None))
        panel.spines[["top", "right"]].set_visible(False)
    panels[1].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


def _values(rows: Sequence[Row], key: str) -> list[float]:
    return [row[key] for row in rows if row.get(key) is not None and row[key] == row[key]]


def _median(rows: Sequence[Row], key: str, form: str) -> str:
    return form.format(statistics.median(_values(rows, key)))


def _spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.2f}" if values else "-"
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{statistics.median(values):.2f} ({low:.2f}-{high:.2f})"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
