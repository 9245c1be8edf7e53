"""``mindseye help``."""

import argparse
from typing import Any

from mindseye.cli.mistakes import unknown
from mindseye.cli.options import DONE, add_command
from mindseye.errors import UserError

EXAMPLES = """examples:
  mindseye help
  mindseye help visualize"""


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "help", act, "Show this help, or that of a command.", EXAMPLES)
    parser.add_argument("name", nargs="?", metavar="COMMAND", help="of which (default: of all)")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.cli.main import build_parser

    parser = build_parser()
    if options.name and options.name not in parser.commands:
        raise UserError(unknown("command", options.name, parser.commands))
    (parser.commands[options.name] if options.name else parser).print_help()
    return DONE
