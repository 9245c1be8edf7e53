"""``mindseye open``."""

import argparse
from typing import Any

from mindseye.cli.options import DONE, add_command

EXAMPLES = """examples:
  mindseye open runs/ants
  mindseye open runs/index.html

Where there is no browser it says where the page is: one file, which can be copied to a machine that has one."""


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = add_command(commands, "open", act, "Open the page of a run in the browser.", EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="folder of a run, or a page")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.open import open_run

    open_run(options.run)
    return DONE
