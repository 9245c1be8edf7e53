"""The parser of the whole program: its commands in groups, and what was meant by a mistyped word."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from mindseye.cli.columns import fold_examples, group
from mindseye.cli.mistakes import unknown
from mindseye.cli.options import Parser


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
            *(group(heading, rows) for heading, rows in {**self.groups, "options": options}.items()),
            fold_examples(self.epilog or ""),
        ]
        return "\n\n".join(parts) + "\n"

    def parse_all(self, words: Sequence[str], options: argparse.Namespace) -> None:
        """Parse words, none of which may be left; what is one too many is told by the command itself."""
        _, rest = self.parse_known_args(words, options)
        if rest:
            many = "; photos are given as their folder, not one by one" if Path(rest[0]).is_file() else ""
            self.commands.get(words[0], self).error(f"one word too many: {rest[0]!r}{many}")

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
