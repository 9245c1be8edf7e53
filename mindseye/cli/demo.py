"""``mindseye demo``."""

import argparse
from typing import Any

from mindseye.cli.options import add_command, count, end_run, picked


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "The main job on a bundled network and photos that come along; no download."
    add = add_command(commands, "demo", act, about).add_argument
    add("--out", default="runs/demo", metavar="DIR", help="run folder (default: runs/demo)")
    add("--steps", type=count, default=100, help="fewer are faster (default: 100)")
    add("--force", action="store_true", help="paint it anew")
    add("--quiet", action="store_true", help="say nothing but errors")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.demo import demo

    return end_run(demo(command=command, **picked(options, "out", "steps", "force", "quiet")), options)
