"""Tables for a terminal: the layers of a network, the cache, entanglement by layer, and what judges say of a run."""

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mindseye.layers.layer import Layer, list_outputs
from mindseye.layers.stages import default_layer, stages
from mindseye.measure.summary import ROLES
from mindseye.models.load import Model
from mindseye.report.entanglement import mean_and_null
from mindseye.report.manifest import failure, names_objectives, objective_name
from mindseye.report.numbers import SHOWN, VALUE, Reading, format_number, predictions, reading
from mindseye.report.typeface import printable
from mindseye.runs.schema import Entanglement, Manifest, Summary
from mindseye.store.settings import size_text
from mindseye.store.store import Status
from mindseye.wording import counted, noun_for

WIDTH, WIDEST = 200, 48
MOST_HOLDINGS = 20
JUDGED = ("transfer", "neighbourhood")
"""The families of measures that judges give."""


def layer_table(model: Model, network: Sequence[Layer], contains: str = "") -> str:
    """Every address that fires: kind, output shape, channels, share of the forward cost spent up to there.

    A star marks the stages that ``--layers auto`` takes; the default layer is named below.

    contains: keep only addresses and kinds with this text.
    """
    chosen = {stage.address for stage in stages(model.network, network)}
    table = _table("layer", "kind", "shape")
    for heading in ("channels", "positions", "cost"):
        table.add_column(heading, justify="right")
    for layer in list_outputs(network):
        if contains.lower() in layer.address.lower() or contains.lower() in layer.kind.lower():
            star = "*" if layer.address in chosen else " "
            shape, grid = " x ".join(map(str, layer.shape)), " x ".join(map(str, layer.grid)) or "1"
            table.add_row(f"{star} {layer.address}", layer.kind, shape, str(layer.channels), grid, f"{layer.cost:.1%}")
    if not table.row_count:
        return f"no layer of {model.name} has {contains!r} in its address or kind"
    default = default_layer(model.network, network).address
    foot = f"{model.name}, weights: {model.weights}; * one per stage, what --layers auto takes; by default: {default}"
    return "\n".join([*_lines(table), "", foot])


def cache_table(status: Status) -> str:
    """Where the cache lies, how large it is and may be, what it holds, and how often that served."""
    asked = status.hits + status.misses
    served = f"{status.hits:,} of {asked:,} looked up ({status.hits / asked:.0%})" if asked else "none looked up yet"
    lines = [
        f"folder   {status.folder}",
        f"size     {size_text(status.size)}, at most {size_text(status.limit)}",
        f"entries  {status.entries:,}",
        f"hits     {served}",
    ]
    largest = status.holdings[:MOST_HOLDINGS]
    if largest:
        wide = max(len(holding.about) for holding in largest)
        lines += [""] + [
            f"{holding.about:<{wide}}  {holding.entries:>9,} {noun_for(holding.entries, 'photos'):<6}"
            f"  {size_text(holding.size):>8}"
            for holding in largest
        ]
    if len(status.holdings) > MOST_HOLDINGS:
        lines.append(f"and {len(status.holdings) - MOST_HOLDINGS} more")
    return "\n".join(lines)


def entanglement_table(manifest: Manifest) -> str:
    """A row per layer: mean entanglement, its interval, the null, and the channels' other numbers beside theirs."""
    measures = ("explained", "spread", "selectivity")
    table = _table("layer", "channels", "entanglement", "95 %", "chance", *measures)
    for layer in manifest.layers:
        numbers = layer.entanglement or Entanglement()
        table.add_row(
            layer.layer,
            str(numbers.channels) if layer.entanglement else "–",
            format_number(numbers.mean),
            f"{format_number(numbers.low)} to {format_number(numbers.high)}",
            format_number(numbers.null),
            *(mean_and_null(layer, measure) for measure in measures),
        )
    return "\n".join(["means over the channels; in brackets chance, shuffled over the photos", *_lines(table)])


def score_table(manifest: Manifest) -> str:
    """A table per judge, a row per layer: each measure's mean over the facets for pictures / members / start.

    Of named objectives, one table with a row per picture. Empty where no judge has looked at the run yet.
    """
    summary = manifest.summary or Summary()
    if names_objectives(manifest):
        return _picture_table(manifest, summary) if manifest.judges else ""
    parts = [part for judge in manifest.judges for part in _judge_table(judge, summary.layers)]
    if not parts:
        return ""
    numbers = {name: format_number(summary.set.get(name)) for name in ("silhouette", "stability", "stability_shuffled")}
    facets = "facets: silhouette {silhouette}, stability {stability} (chance {stability_shuffled})"
    return "\n".join([*parts, facets.format(**numbers)])


def _judge_table(judge: str, layers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    measures = [
        measure
        for measure in SHOWN
        if measure.family in JUDGED
        and any(_mean(layer, measure.family, judge, "picture", measure.key) is not None for layer in layers.values())
    ]
    table = _table("layer", *(measure.title for measure in measures), "alike")
    for address, layer in layers.items():
        rows = [[_mean(layer, measure.family, judge, role, measure.key) for role in ROLES] for measure in measures]
        alike = layer.get("mean_pairwise_cosine", {}).get(judge, {})
        rows.append([alike.get(role) for role in ROLES])
        table.add_row(address, *(" / ".join(map(format_number, row)) for row in rows))
    return [f"{judge} judges; means over the facets: picture / members / start", *_lines(table), ""]


def _mean(layer: Mapping[str, Any], family: str, judge: str, role: str, key: str) -> float | None:
    value: Any = layer
    for part in (family, judge, role, key, "mean"):
        value = value.get(part) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None


def _picture_table(manifest: Manifest, summary: Summary) -> str:
    """A row per picture: its value, what each judge sees in it, and its probability of what it should see."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("objective", no_wrap=True, max_width=WIDEST)
    table.add_column("value", no_wrap=True)
    for judge in manifest.judges:
        table.add_column(Text(f"{judge} sees"), no_wrap=True, max_width=WIDEST)
        table.add_column("p of wanted", no_wrap=True)
    for picture in manifest.pictures:
        by_judge = {prediction.judge: prediction for prediction in predictions(picture.measures)}
        cells = ["failed" if failure(picture) else _change(reading(picture.measures, VALUE))]
        for judge in manifest.judges:
            prediction = by_judge.get(judge)
            labels = prediction.labels[:1] if prediction else []
            cells += [f"{printable(label)} {format_number(p)}" for label, p in labels] or ["–"]
            cells.append(_change(prediction.probability) if prediction and prediction.target else "–")
        table.add_row(*map(Text, (objective_name(picture), *cells)))
    means = [_mean_line(judge, summary.transfer.get(judge, {})) for judge in manifest.judges]
    return "\n".join(["start → picture", *_lines(table), "", *means])


def _change(numbers: Reading) -> str:
    return "–" if numbers.picture is None else f"{format_number(numbers.start)} → {format_number(numbers.picture)}"


def _mean_line(judge: str, summary: Mapping[str, Any]) -> str:
    """The means of one judge, over the pictures that it was asked for a label of."""
    count, numbers = summary.get("pictures", 0), summary.get("picture", {})
    parts = []
    for key, name in (("probability", "p"), ("top1", "top-1"), ("top5", "top-5")):
        mean, low, high = (format_number(numbers.get(key, {}).get(part)) for part in ("mean", "low", "high"))
        parts.append(f"{name} {mean} [{low}, {high}]")
    if not count:
        return f"{judge} was asked for no label that it knows"
    return f"{judge} means over {counted(count, 'pictures')}: {', '.join(parts)}"


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    return table


def _lines(table: Table) -> list[str]:
    text = StringIO()
    Console(file=text, width=WIDTH, color_system=None).print(table)
    return [line.rstrip() for line in text.getvalue().splitlines()]
