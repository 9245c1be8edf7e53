"""``mindseye cache``."""

import argparse
from typing import Any

from mindseye.cli.options import DONE, add_command, picked

EXAMPLES = """examples:
  mindseye cache
  mindseye cache --limit 50GB
  mindseye cache --empty

It lies in $MINDSEYE_CACHE, else in the user's folder of caches. $MINDSEYE_CACHE_LIMIT goes before --limit."""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Show what is kept of photos' activations between runs; empty it, or set how large it may grow."
    parser = add_command(commands, "cache", act, about, EXAMPLES)
    add = parser.add_argument
    add("--empty", action="store_true", help="drop all of it, without asking")
    add("--limit", metavar="SIZE", help="how large it may grow from now on, such as 500MB or 20GB; 0 keeps nothing")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.cache import cache
    from mindseye.report.tables import cache_table
    from mindseye.store.settings import size_text

    status = cache(**picked(options, "empty", "limit"))
    if options.empty or status.freed:
        print(f"freed    {size_text(status.freed)}")
    print(cache_table(status))
    return DONE
