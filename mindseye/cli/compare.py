"""``mindseye compare``."""

import argparse
from typing import Any

from mindseye.cli.options import DONE, add_command

EXAMPLES = """examples:
  mindseye compare runs/before runs/after
  mindseye compare runs/float runs/int8 --out changed.html

Make both atlases over the same photos. The page has the channels without a twin first; nothing is painted."""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Show which channels of one network have a twin in another, by two atlases over the same photos."
    parser = add_command(commands, "compare", act, about, EXAMPLES)
    add = parser.add_argument
    add("first", metavar="ATLAS", help="folder of an atlas")
    add("second", metavar="ATLAS", help="folder of another one")
    add("--out", metavar="FILE", help="the page (default: compare-SECOND.html in the first atlas's folder)")
    add("--quiet", action="store_true", help="say nothing but errors, and print no table")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.compare import compare

    compared = compare(options.first, options.second, out=options.out, quiet=options.quiet)
    if not options.quiet:
        print(compared)
    return DONE
