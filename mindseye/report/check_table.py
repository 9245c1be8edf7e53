"""The checks of maps as a table in Markdown."""

import math
from collections.abc import Sequence

from mindseye.report.drawing import printable
from mindseye.report.manifest import Json
from mindseye.report.numbers import shown

CHANCE = "random order"
HEADINGS = ("network", "method", "deletion", "insertion", "absolute, first", "absolute, last", "signed, last", "photos")


def check_table(manifest: Json) -> str:
    """A row per network and method: means over the photos, with the standard error of the areas.

    deletion, insertion: the areas under the curves. absolute, signed: how alike the map is to that of the network that has
    forgotten its last sixth (first) or everything (last), as a rank correlation.
    """
    rows = []
    for model in manifest["models"]:
        chances = [
            entry["chance"][model["name"]] for entry in manifest["photos"] if model["name"] in entry.get("chance", {})
        ]
        rows += [_row(model["name"], CHANCE, chances)] if chances else []
        for method in manifest["methods"]:
            found = [
                one["check"]
                for entry in manifest["photos"]
                for one in entry["maps"]
                if (one["model"], one["method"]) == (model["name"], method) and "check" in one
            ]
            rows += [_row(model["name"], method, found)] if found else []
    values = {"probability" if model["target"]["is_class"] else "score" for model in manifest["models"]}
    lines = [f"Target {printable(str(manifest['target']))}; the curves are of the {' or '.join(sorted(values))}.", ""]
    lines += [_line(HEADINGS), _line(["---"] * len(HEADINGS)), *map(_line, rows)]
    return "\n".join(lines) + "\n"


def _row(model: str, method: str, found: Sequence[Json]) -> list[str]:
    areas = [_mean([one[curve]["area"] for one in found], True) for curve in ("deletion", "insertion")]
    forgot = [one.get("forgetting", {}) for one in found]
    alike = [
        _mean([one[kind][place] for one in forgot if kind in one])
        for kind, place in (("absolute", 0), ("absolute", -1), ("signed", -1))
    ]
    return [model, method, *areas, *alike, str(len(found))]


def _mean(values: Sequence[float | None], with_error: bool = False) -> str:
    """The mean of those that are numbers, with its standard error where there are two or more."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return "–"
    mean = sum(known) / len(known)
    if not with_error or len(known) < 2:
        return shown(mean) if with_error else f"{round(mean, 2) + 0.0:.2f}"  # no "-0.00"
    error = math.sqrt(sum((value - mean) ** 2 for value in known) / (len(known) - 1) / len(known))
    return f"{shown(mean)} ± {shown(error)}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
