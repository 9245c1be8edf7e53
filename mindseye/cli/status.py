"""``mindseye status``."""

import argparse
from typing import Any

from mindseye.cli.options import DONE, add_command

EXAMPLES = """examples:
  mindseye status runs/imagenet
  watch mindseye status runs/imagenet

Nothing is changed: ask from another terminal, while the batch is at work or after it has ended."""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Tell how far a batch or an atlas is, what failed and why, and who works on it."
    parser = add_command(commands, "status", act, about, EXAMPLES)
    parser.add_argument("out", metavar="OUT", help="folder of the batch")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.status import status

    print(status(options.out))
    return DONE
