"""``mindseye report``."""

import argparse
from typing import Any

from mindseye.cli.options import add_command, add_figures, picked
from mindseye.cli.outcome import code_of

EXAMPLES = """examples:
  mindseye report runs/ants                            write runs/ants/report.html anew
  mindseye report runs/* --out runs/index.html         one page that leads to all of them, with search

Every command that paints leaves its run's page by itself. 'mindseye open runs/ants' shows it."""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Write the page of a run anew, or one page over many runs."
    parser = add_command(commands, "report", act, about, EXAMPLES)
    add = parser.add_argument
    add("runs", nargs="+", metavar="RUN", help="folder of a run")
    add("--out", metavar="FILE", help="the page over many runs (default: index.html beside the first)")
    add("--title", metavar="TEXT", help="its title (default: the name of its folder)")
    add_figures(parser)
    add("--quiet", action="store_true", help="say nothing but errors")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.report import write_report

    return code_of(write_report(*options.runs, **picked(options, "out", "title", "figures", "quiet")))
