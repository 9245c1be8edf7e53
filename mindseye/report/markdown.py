"""Tables in Markdown: the checks of explanations, and a transfer's accuracies."""

import math
from collections.abc import Iterable, Sequence

from mindseye.report.numbers import format_number
from mindseye.report.typeface import printable
from mindseye.runs.schema import CheckEntry, Manifest, Number, Share, TransferRecord, TransferResult

RANDOM = "random order"
CHECKS = ("network", "method", "deletion", "insertion", "absolute, first", "absolute, last", "signed, last", "photos")
ACCURACIES = (
    "painted by",
    "augmentation",
    "judged by",
    "images",
    "top-1 (%)",
    "over paintings",
    "as painted",
    "top-5 (%)",
)
CONDITIONS = {"all": "painted with augmentation", "none": "painted without augmentation"} | {
    name: f"painted with {name} alone" for name in ("crop", "flip", "rotate", "perspective", "blur", "greyscale")
}
BY_CLASS = ("class", "images", "top-1 (%)", "top-5 (%)")
CONFUSED = ("wanted", "taken for", "images")
MOST_CONFUSIONS = 20


def check_table(manifest: Manifest) -> str:
    """A row per network and method: means over the photos, with the standard error of the areas.

    deletion, insertion: the areas under the curves. absolute, signed: how alike the map is to that of the network that has
    forgotten its last sixth (first) or everything (last), as a rank correlation.
    """
    body = [list(map(_escape, row)) for row in check_rows(manifest)]
    about = f"Target {printable(manifest.target)}; the curves are of the {curved_values(manifest)}."
    return "\n".join([about, "", *map(_line, (CHECKS, ["---"] * len(CHECKS), *body))]) + "\n"


def curved_values(manifest: Manifest) -> str:
    """What the curves of deletion and insertion are of, in words."""
    values = {"probability" if model.target and model.target.is_class else "score" for model in manifest.models}
    return " or ".join(sorted(values))


def check_rows(manifest: Manifest) -> list[list[str]]:
    """The cells of ``check_table``, below the headings ``CHECKS``; none where the maps were not checked."""
    rows = []
    for model in manifest.models:
        checks = {RANDOM: [photo.chance[model.name] for photo in manifest.photos if model.name in photo.chance]}
        for method in manifest.methods:
            entries = [entry for photo in manifest.photos for entry in photo.maps]
            own = [entry.check for entry in entries if (entry.model, entry.method) == (model.name, method)]
            checks[method] = [check for check in own if check is not None]
        rows += [_check_row(model.name, method, taken) for method, taken in checks.items() if taken]
    return rows


def _check_row(model: str, method: str, checks: Sequence[CheckEntry]) -> list[str]:
    forgetting = [check.forgetting for check in checks if check.forgetting]
    areas = [[check.deletion.area for check in checks], [check.insertion.area for check in checks]]
    likenesses = [
        [entry.absolute[0] for entry in forgetting if entry.absolute],
        [entry.absolute[-1] for entry in forgetting if entry.absolute],
        [entry.signed[-1] for entry in forgetting if entry.signed],
    ]
    return [model, method, *map(_mean_and_error, areas), *map(_mean, likenesses), str(len(checks))]


def _mean_and_error(values: Iterable[Number]) -> str:
    """The mean of those that are numbers, with its standard error where there are two or more."""
    known = _finite(values)
    if not known:
        return "–"
    mean = sum(known) / len(known)
    if len(known) < 2:
        return format_number(mean)
    error = math.sqrt(sum((value - mean) ** 2 for value in known) / (len(known) - 1) / len(known))
    return f"{format_number(mean)} ± {format_number(error)}"


def _mean(values: Iterable[Number]) -> str:
    known = _finite(values)
    return f"{round(sum(known) / len(known), 2) + 0.0:.2f}" if known else "–"  # + 0.0: no "-0.00"


def _finite(values: Iterable[Number]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def transfer_table(record: TransferRecord) -> str:
    """A row for each painter, condition and judge: top-1 and top-5 with intervals; padded, so that a terminal shows it too."""
    return _padded_table(ACCURACIES, accuracy_rows(record))


def accuracy_rows(record: TransferRecord) -> list[tuple[str, ...]]:
    """The cells of ``transfer_table``, below the headings ``ACCURACIES``."""
    return [
        (
            result.painter,
            result.condition,
            result.judge,
            str(result.n),
            format_percent(result.top1),
            _bounds(result.over_paintings.top1),
            format_percent(result.as_painted.top1),
            format_percent(result.top5),
        )
        for result in record.results
    ]


def transfer_page(record: TransferRecord) -> str:
    """The whole of table.md: accuracies, classes, confusions, and how they were made."""
    options = record.options
    recipe = options["recipe"]
    count = f"{len(options['classes'])} classes x {options['paintings']} paintings x {options['copies']} images of each"
    parts = [
        "# Do other networks name what was painted?",
        f"    {printable(record.command)}",
        f"{count}: the picture as painted and {options['copies'] - 1} copies of it, augmented again. Painted with recipe "
        f"{printable(str(recipe['name']))}, {recipe['steps']} steps of {recipe['views']} views, seed {options['seed']}.",
        transfer_table(record),
        "In percent, with 95 % intervals (Wilson's): of top-1 and top-5 as if all images were independent; over paintings, "
        "top-1's as if copies told nothing that their painting does not. As painted: top-1 of the pictures alone.",
        *(f"Not painted: {printable(run.painter)}, {printable(line)}." for run in record.runs for line in run.failed),
        *map(_details, record.results),
    ]
    return "\n\n".join(parts) + "\n"


def format_percent(share: Share) -> str:
    """A share with its interval, in percent."""
    return f"{_percent(share.mean)} {_bounds(share)}"


def _details(result: TransferResult) -> str:
    condition = CONDITIONS.get(result.condition, result.condition)
    heading = f"## {result.painter}, {condition}, judged by {result.judge}"
    parts = [heading, _padded_table(BY_CLASS, class_rows(result))]
    confusions = result.confusions
    if confusions:
        rows = confusion_rows(result)
        parts.append(_padded_table(CONFUSED, rows))
        left = len(confusions) - len(rows)
        parts += [f"{left} more confusions are in transfer.json."] if left else []
    parts += [f"![failures]({sheet})" for sheet in result.sheets]
    return "\n\n".join(parts)


def class_rows(result: TransferResult) -> list[tuple[str, ...]]:
    """The accuracies of each class, below the headings ``BY_CLASS``."""
    return [
        (entry.class_name, str(entry.n), format_percent(entry.top1), format_percent(entry.top5))
        for entry in result.classes
    ]


def confusion_rows(result: TransferResult) -> list[tuple[str, ...]]:
    """What was most often taken for what, below the headings ``CONFUSED``."""
    return [(entry.wanted, entry.seen, str(entry.count)) for entry in result.confusions[:MOST_CONFUSIONS]]


def _bounds(share: Share) -> str:
    return f"[{_percent(share.low)}, {_percent(share.high)}]"


def _percent(share: float | None) -> str:
    return "–" if share is None or share != share else f"{100 * share:.1f}"


def _padded_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = [[_escape(printable(cell)) for cell in row] for row in (headings, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    lines = [_line([cell.ljust(width) for cell, width in zip(row, widths, strict=True)]) for row in cells]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _line(cells: Sequence[str]) -> str:
    """A row of cells that are escaped already."""
    return "| " + " | ".join(cells) + " |"


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|")
