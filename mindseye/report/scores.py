"""The judges' numbers of a run as a table for a terminal."""

from io import StringIO
from typing import Any

from rich.console import Console
from rich.table import Table

from mindseye.measure.summary import ROLES
from mindseye.report.manifest import Json
from mindseye.report.numbers import MEASURES, shown

WIDTH = 200
FAMILIES = ("transfer", "neighbourhood")


def score_table(manifest: Json) -> str:
    """A table per judge, a row per layer: each measure's mean over the facets for pictures / members / start.

    Empty where no judge has looked at the run yet.
    """
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
    text = StringIO()
    Console(file=text, width=WIDTH, color_system=None).print(table)
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    return [f"{judge} judges; means over the facets: picture / members / start", *lines, ""]


def _mean(layer: Json, family: str, judge: str, role: str, key: str) -> float | None:
    value: Any = layer
    for part in (family, judge, role, key, "mean"):
        value = value.get(part) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None


def _cell(values: list[float | None]) -> str:
    return " / ".join(shown(value) for value in values)


def _set_line(measures: Json) -> str:
    stability, shuffled = measures.get("stability"), measures.get("stability_shuffled")
    silhouette = f"silhouette {shown(measures.get('silhouette'))}"
    return f"facets: {silhouette}, stability {shown(stability)} (shuffled activations {shown(shuffled)})"
