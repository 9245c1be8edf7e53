"""A page without views of its own: sections of pictures and tables, one below the other, as `explain` and `examples` leave it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mindseye.report.page.templates import inline_parts, render

STYLES = ("base", "front", "plain", "zoom", "targets", "print")
SCRIPTS = ("dom", "match", "save", "zoom", "theme", "way-back", "plain")


@dataclass(frozen=True)
class Tile:
    """A picture and what stands below it. uri: None where it is gone. name: of the picture at full size, and for who listens."""

    uri: str | None
    name: str
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TileRow:
    """Pictures side by side under a name."""

    name: str
    tiles: list[Tile]
    words: str = ""


@dataclass(frozen=True)
class PageTable:
    """Rows of text under headings; all columns but the first ``named`` stand to the right."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: str = ""
    named: int = 1


@dataclass(frozen=True)
class Section:
    """What belongs together. link: to another page, relative, and what it is called. picture: a wide one, below the rows."""

    name: str
    words: str = ""
    rows: list[TileRow] = field(default_factory=list)
    tables: list[PageTable] = field(default_factory=list)
    picture: Tile | None = None
    link: tuple[str, str] | None = None


@dataclass(frozen=True)
class PlainPage:
    """All that the page says. making: lists of name and value, by heading. kind: what its sections are, in the plural."""

    title: str
    provenance: str
    intro: str
    kind: str
    sections: list[Section]
    command: str = ""
    warning: str = ""
    notes: Sequence[str] = ()
    skipped: Sequence[tuple[str, str]] = ()
    making: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Sequence[str] = ()


def plain_page(page: PlainPage) -> str:
    """The page as one HTML text that holds its pictures and asks for nothing."""
    return render(
        "plain.html",
        **inline_parts(STYLES, SCRIPTS),
        title=page.title,
        page=page,
        command=page.command.encode("utf-8", "replace").decode(),
    )
