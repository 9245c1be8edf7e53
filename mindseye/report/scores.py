"""The judges' numbers of a run as a table for a terminal."""

from io import StringIO
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mindseye.measure.summary import ROLES
from mindseye.report.drawing import printable
from mindseye.report.manifest import Json, failure, names_objectives, objective_name, pictures
from mindseye.report.numbers import MEASURES, VALUE, Reading, reading, shown, sightings

WIDTH, WIDEST = 200, 48
FAMILIES = ("transfer", "neighbourhood")


def score_table(manifest: Json) -> str:
    """A table per judge, a row per layer: each measure's mean over the facets for pictures / members / start.

    Of named objectives, one table with a row per picture. Empty where no judge has looked at the run yet.
    """
    if names_objectives(manifest):
        return _picture_table(manifest) if manifest.get("judges") else ""
    layers = manifest.get("summary", {}).get("layers", {})
    parts = [part for judge in manifest.get("judges", {}) for part in _judge_table(judge, layers)]
    set_line = _set_line(manifest.get("summary", {}).get("set", {}))
    return "\n".join([*parts, set_line] if parts else [])


def _judge_table(judge: str, layers: Json) -> list[str]:
    columns = [
        measure
        for measure in MEASURES
        if measure.family in FAMILIES
        and any(_mean(layer, measure.family, judge, "picture", measure.key) is not None for layer in layers.values())
    ]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("layer", *(measure.title for measure in columns), "alike"):
        table.add_column(heading, no_wrap=True)
    for address, layer in layers.items():
        cells = [_cell([_mean(layer, one.family, judge, role, one.key) for role in ROLES]) for one in columns]
        alike = layer.get("mean_pairwise_cosine", {}).get(judge, {})
        table.add_row(address, *cells, _cell([alike.get(role) for role in ROLES]))
    return [f"{judge} judges; means over the facets: picture / members / start", *_lines(table), ""]


def _mean(layer: Json, family: str, judge: str, role: str, key: str) -> float | None:
    value: Any = layer
    for part in (family, judge, role, key, "mean"):
        value = value.get(part) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None


def _picture_table(manifest: Json) -> str:
    """A row per picture: its value, what each judge sees in it, and its probability of what it should see."""
    judges = list(manifest["judges"])
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("objective", no_wrap=True, max_width=WIDEST)
    table.add_column("value", no_wrap=True)
    for judge in judges:
        table.add_column(Text(f"{judge} sees"), no_wrap=True, max_width=WIDEST)
        table.add_column("p of wanted", no_wrap=True)
    for one in pictures(manifest):
        found = {sighting.judge: sighting for sighting in sightings(one)}
        cells = ["failed" if failure(one) else _change(reading(one, VALUE))]
        for judge in judges:
            sighting = found.get(judge)
            sees = [f"{printable(label)} {shown(p)}" for label, p in sighting.sees[:1]] if sighting else []
            cells += sees or ["–"]
            cells.append(_change(sighting.probability) if sighting and sighting.wanted else "–")
        table.add_row(*map(Text, (objective_name(one), *cells)))
    means = manifest.get("summary", {}).get("transfer", {})
    return "\n".join(
        ["start → picture", *_lines(table), "", *(_mean_line(judge, means.get(judge, {})) for judge in judges)]
    )


def _change(value: Reading) -> str:
    return "–" if value.picture is None else f"{shown(value.start)} → {shown(value.picture)}"


def _mean_line(judge: str, summary: Json) -> str:
    """The means of one judge, over the pictures of which a label was wanted."""
    count, numbers = summary.get("pictures", 0), summary.get("picture", {})
    parts = []
    for key, name in (("probability", "p"), ("top1", "top-1"), ("top5", "top-5")):
        found = numbers.get(key, {})
        low, high = shown(found.get("low")), shown(found.get("high"))
        parts.append(f"{name} {shown(found.get('mean'))} [{low}, {high}]")
    means = f"means over {count} pictures: {', '.join(parts)}" if count else "was asked for no label that it knows"
    return f"{judge} {means}"


def _lines(table: Table) -> list[str]:
    text = StringIO()
    Console(file=text, width=WIDTH, color_system=None).print(table)
    return [line.rstrip() for line in text.getvalue().splitlines()]


def _cell(values: list[float | None]) -> str:
    return " / ".join(shown(value) for value in values)


def _set_line(measures: Json) -> str:
    stability, shuffled = measures.get("stability"), measures.get("stability_shuffled")
    silhouette = f"silhouette {shown(measures.get('silhouette'))}"
    return f"facets: {silhouette}, stability {shown(stability)} (shuffled activations {shown(shuffled)})"
