"""The words of pages, figures and docs: one name for one thing, and what it means, from ``glossary.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

Span = tuple[float | None, float | None]


@dataclass(frozen=True)
class Term:
    """A thing, what it is called everywhere, and what it is."""

    name: str
    words: str


@dataclass(frozen=True)
class Family:
    """Measures that are shown under one heading. judged: whether each judge gives its own."""

    name: str
    heading: str
    words: str
    judged: bool = False


@dataclass(frozen=True)
class Measure:
    """A number of a picture: where it stands under ``measures`` of run.json, and what it is called.

    span: ends of its axis, None for an end that the numbers themselves set. better: ``higher``, ``lower``, or the value that is
    best; None where no value is better than another.
    """

    family: str
    key: str
    title: str
    words: str
    span: Span
    better: str | float | None


def _read() -> Mapping[str, Any]:
    return tomllib.loads(files("mindseye.report").joinpath("glossary.toml").read_text("utf-8"))


def _measure(entry: Mapping[str, Any]) -> Measure:
    low, high = (None if end == "" else end for end in entry["span"])
    better = entry.get("better", entry.get("near"))
    return Measure(entry["family"], entry["key"], entry["name"], entry["words"], (low, high), better)


_WORDS = _read()
TERMS = {key: Term(**entry) for key, entry in _WORDS["terms"].items()}
"""By key: whatever a reader meets on a page beside the numbers."""
COLUMNS = {key: Term(**entry) for key, entry in _WORDS["columns"].items()}
"""The numbers of a channel, by their key under ``channel_stats`` of run.json, in the order in which tables show them."""
FAMILIES = tuple(
    Family(entry["key"], entry["heading"], entry["words"], entry.get("judged", False)) for entry in _WORDS["families"]
)
MEASURES = tuple(map(_measure, _WORDS["measures"]))
"""The numbers of a picture, in the order in which pages show them; the judge's probability first."""


def measure_of(family: str, key: str) -> Measure:
    """The measure that stands under these in run.json."""
    return next(known for known in MEASURES if (known.family, known.key) == (family, key))


def better_text(better: str | float | None) -> str:
    """Which side is better, as a reader says it."""
    if better is None:
        return ""
    return f"{better} is better" if isinstance(better, str) else f"best near {better:g}".replace("-", "−")


def glossary_page() -> str:
    """The tables of docs/glossary.md."""
    terms = [f"| **{term.name}** | {term.words} |" for term in TERMS.values()]
    measures = [
        f"| **{known.title}** | `{known.family}`: `{known.key}` | {known.words} | {better_text(known.better)} |"
        for known in MEASURES
    ]
    columns = [f"| **{term.name}** | `{key}` | {term.words} |" for key, term in COLUMNS.items()]
    return "\n".join(
        [
            "| name | what it is |\n|---|---|",
            *terms,
            "\n## Numbers of a picture\n",
            "| name | in run.json | what it is | |\n|---|---|---|---|",
            *measures,
            "\n## Numbers of a channel\n",
            "| name | in run.json | what it is |\n|---|---|---|",
            *columns,
        ]
    )
