"""The parser of the whole program: its commands in groups, and what was meant by a mistyped word."""

import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from mindseye.cli.colour import styled
from mindseye.cli.options import Parser
from mindseye.wording import did_you_mean

WIDEST = 120


class Overview(Parser):
    """A parser whose help lists its commands by what they are for.

    Args:
        groups: modules with an ``add`` each, by the heading of their group.
        **options: as any parser takes them.
    """

    def __init__(self, groups: Mapping[str, Sequence[ModuleType]], **options: Any) -> None:
        super().__init__(**options)
        action = self.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
        self.groups: dict[str, list[tuple[str, str]]] = {}
        for heading, modules in groups.items():
            rows = self.groups[heading] = []
            for module in modules:
                module.add(action)
                name, added = next(reversed(action.choices.items()))
                rows.append((name, added.description or ""))
        self.commands: Mapping[str, Parser] = action.choices

    def format_help(self) -> str:
        """Usage, the groups in columns, options and examples."""
        options = [
            ("-h, --help", "show this help; of a command: mindseye COMMAND --help"),
            ("-V, --version", "which one"),
        ]
        parts = [
            f"usage: {self.prog} COMMAND [OPTIONS]",
            self.description or "",
            *(_group(heading, rows) for heading, rows in {**self.groups, "options": options}.items()),
            self.epilog or "",
        ]
        return "\n\n".join(parts) + "\n"

    def check(self, words: Sequence[str]) -> None:
        """End with a question where the command, or one of its options, is none but is like one that there is."""
        command: Parser = self
        name, *others = words
        if name.startswith("-"):
            others = [name]
        elif name in self.commands:
            command = self.commands[name]
        else:
            self.error(unknown("command", name, self.commands))
        for word in others:
            if word == "--":
                return
            option = word.partition("=")[0]
            if option.startswith("--") and " " not in word and not command.knows(option):
                command.error(unknown("option", option, command.options))


def unknown(what: str, name: str, known: Mapping[str, Any]) -> str:
    """What is said of a name that no command or option has."""
    import difflib  # only a mistake needs it

    meant = did_you_mean(difflib.get_close_matches(name, known, n=3, cutoff=0.7))
    return f"no {what} {name!r}{'; ' + meant if meant else ''}"


def _group(heading: str, rows: Sequence[tuple[str, str]]) -> str:
    """Names in a column, and beside each what it does, in as many lines as the terminal needs for it."""
    names = 16
    room = max(30, min(WIDEST, shutil.get_terminal_size().columns) - names)
    lines = [styled(f"{heading}:", "heading", sys.stdout)]
    for name, about in rows:
        first, *rest = textwrap.wrap(about, room) or [""]
        lines += [f"  {name:<{names - 2}}{first}", *(" " * names + line for line in rest)]
    return "\n".join(lines)
