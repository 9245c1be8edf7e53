"""``mindseye film``."""

import argparse
from typing import Any

from mindseye.cli.options import DONE, add_command, index, picked, weight

EXAMPLES = """examples:
  mindseye film runs/ants                     a GIF of each picture, from its start to its last step
  mindseye film runs/ants --gif --mp4 --seconds 6 --facet 2

A run keeps eight steps of each picture; paint it with --snapshots 40 for a smoother film."""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Make a GIF or an MP4 of how each picture of a finished run came to be."
    parser = add_command(commands, "film", act, about, EXAMPLES)
    add = parser.add_argument
    add("run", metavar="RUN", help="folder of the run")
    add("--gif", action="store_true", help="write GIFs (the default where neither kind is named)")
    add("--mp4", action="store_true", help="write MP4s (H.264); needs the [film] extra")
    add("--seconds", type=weight, default=4.0, metavar="S", help="from the first picture to the last (default: 4)")
    add("--facet", type=index, metavar="N", help="only this facet, or objective, by its number")
    add("--quiet", action="store_true", help="say nothing but errors")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.film import film

    film(options.run, gif=options.gif or not options.mp4, **picked(options, "mp4", "seconds", "facet", "quiet"))
    return DONE
