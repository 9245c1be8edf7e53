"""``mindseye evaluate``."""

import argparse
from typing import Any

from mindseye.cli.options import add_command, add_judging, add_running, picked
from mindseye.cli.outcome import end_run

EXAMPLES = """examples:
  mindseye evaluate runs/ants --judge vit_b_16
  mindseye evaluate runs/ants --judge vit_b_16 --judge timm/convnext_tiny --among photos
  mindseye evaluate runs/ants --judge vit_b_16 --label ant --label n02206856

The numbers go into run.json, beside those of each facet's members and start, and the figures are drawn anew."""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Let other networks judge the pictures of a finished run."
    parser = add_command(commands, "evaluate", act, about, EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="folder of the run")
    add_judging(parser, required=True)
    add_running(parser)


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.evaluate import evaluate

    run = evaluate(options.run, options.judges, **picked(options, "among", "labels", "device", "quiet"))
    return end_run(run, options, judged=True)
