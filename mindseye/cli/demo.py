"""``mindseye demo``."""

import argparse
from typing import Any

from mindseye.cli.options import MODEL, add_command, count, picked
from mindseye.cli.outcome import code_of, end_run

EXAMPLES = """examples:
  mindseye demo                                                    one network, four layers
  mindseye demo --models efficientnet_lite0,efficientnet_lite1     two networks, at their last layers

An interrupted demo continues with the same command. What is finished is left alone; --force paints it anew."""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "The main job on a bundled network and photos that come along; no download."
    add = add_command(commands, "demo", act, about, EXAMPLES).add_argument
    add("--models", metavar="A[,B,C]", help=f"networks to be painted side by side, each {MODEL}")
    add("--out", metavar="DIR", help="run folder (default: runs/demo, with --models runs/networks)")
    add("--steps", type=count, help="fewer are faster (default: 100, with --models the recipe's)")
    add("--force", action="store_true", help="paint it anew")
    add("--quiet", action="store_true", help="say nothing but errors")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.demo import demo

    chosen = picked(options, "out", "steps", "force", "quiet")
    if options.models is None:
        return end_run(demo(command=command, **chosen), options)
    models = [name.strip() for name in options.models.split(",")]
    return code_of(demo(command=command, models=models, **chosen))
