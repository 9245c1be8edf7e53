"""The tables of a transfer, as Markdown that is padded so that a terminal shows it as well."""

from collections.abc import Sequence

from mindseye.report.drawing import printable
from mindseye.report.manifest import Json

CONDITIONS = {"all": "painted with augmentation", "none": "painted without augmentation"} | {
    name: f"painted with {name} alone" for name in ("crop", "flip", "rotate", "perspective", "blur", "greyscale")
}
MOST_CONFUSIONS = 20


def transfer_table(record: Json) -> str:
    """A row for each painter, condition and judge: top-1 and top-5 with intervals."""
    heads = (
        "painted by",
        "augmentation",
        "judged by",
        "images",
        "top-1 (%)",
        "over paintings",
        "as painted",
        "top-5 (%)",
    )
    rows = [
        (
            one["painter"],
            one["condition"],
            one["judge"],
            str(one["n"]),
            percent(one["top1"]),
            bounds(one["over_paintings"]["top1"]),
            percent(one["as_painted"]["top1"]),
            percent(one["top5"]),
        )
        for one in record["results"]
    ]
    return _table(heads, rows)


def transfer_page(record: Json) -> str:
    """The whole of table.md: accuracies, classes, confusions, and how they were made."""
    options = record["options"]
    recipe = options["recipe"]
    count = f"{len(options['classes'])} classes x {options['paintings']} paintings x {options['copies']} images of each"
    parts = [
        "# Do other networks name what was painted?",
        f"    {printable(record['command'])}",
        f"{count}: the picture as painted and {options['copies'] - 1} copies of it, augmented again. Painted with recipe "
        f"{printable(str(recipe['name']))}, {recipe['steps']} steps of {recipe['views']} views, seed {options['seed']}.",
        transfer_table(record),
        "In percent, with 95 % intervals (Wilson's): of top-1 and top-5 as if all images were independent; over paintings, "
        "top-1's as if copies told nothing that their painting does not. As painted: top-1 of the pictures alone.",
        *(
            f"Not painted: {printable(run['painter'])}, {printable(line)}."
            for run in record["runs"]
            for line in run["failed"]
        ),
        *(_details(one) for one in record["results"]),
    ]
    return "\n\n".join(parts) + "\n"


def percent(share: Json) -> str:
    """A share with its interval, in percent."""
    return f"{_percent(share['mean'])} {bounds(share)}"


def bounds(share: Json) -> str:
    """The interval alone."""
    return f"[{_percent(share['low'])}, {_percent(share['high'])}]"


def _details(one: Json) -> str:
    heading = f"## {one['painter']}, {CONDITIONS.get(one['condition'], one['condition'])}, judged by {one['judge']}"
    classes = [
        (entry["class"], str(entry["n"]), percent(entry["top1"]), percent(entry["top5"])) for entry in one["classes"]
    ]
    parts = [heading, _table(("class", "images", "top-1 (%)", "top-5 (%)"), classes)]
    if one["confusions"]:
        rows = [(entry["wanted"], entry["seen"], str(entry["count"])) for entry in one["confusions"][:MOST_CONFUSIONS]]
        parts.append(_table(("wanted", "taken for", "images"), rows))
        left = len(one["confusions"]) - len(rows)
        parts += [f"{left} more confusions are in transfer.json."] if left else []
    parts += [f"![failures]({one['sheet']})"] if one.get("sheet") else []
    return "\n\n".join(parts)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = [[printable(cell).replace("|", "\\|") for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _percent(share: float | None) -> str:
    return "–" if share is None or share != share else f"{100 * share:.1f}"
