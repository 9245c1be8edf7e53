"""Help in columns that hold in a terminal of any width."""

import re
import shutil
import sys
import textwrap
from collections.abc import Sequence

from mindseye.cli.colour import styled

WIDEST = 120
NAMES = 16
_EXAMPLE = re.compile(r"(  mindseye .*?\S) {2,}(\S.*)")


def group(heading: str, rows: Sequence[tuple[str, str]]) -> str:
    """Names in a column, and beside each what it does, in as many lines as the terminal needs for it."""
    room = max(30, min(WIDEST, _columns()) - NAMES)
    lines = [styled(f"{heading}:", "heading", sys.stdout)]
    for name, about in rows:
        first, *rest = textwrap.wrap(about, room) or [""]
        lines += [f"  {name:<{NAMES - 2}}{first}", *(" " * NAMES + line for line in rest)]
    return "\n".join(lines)


def fold_examples(text: str) -> str:
    """Examples with what is said beside some: on a line of its own, below the command, where the terminal is too narrow."""
    room = _columns()
    lines: list[str] = []
    for line in text.splitlines():
        example = _EXAMPLE.fullmatch(line) if len(line) > room else None
        lines += [example[1], *(f"      {part}" for part in textwrap.wrap(example[2], room - 6))] if example else [line]
    return "\n".join(lines)


def _columns() -> int:
    return shutil.get_terminal_size().columns
