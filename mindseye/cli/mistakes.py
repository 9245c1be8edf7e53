"""What was meant by a mistyped word."""

import re
from collections.abc import Mapping
from typing import Any

from mindseye.wording import did_you_mean


def unknown(what: str, name: str, known: Mapping[str, Any]) -> str:
    """What is said of a name that no command or option has."""
    import difflib  # only a mistake needs it

    meant = did_you_mean(difflib.get_close_matches(name, known, n=3, cutoff=0.7))
    return f"no {what} {name!r}{'; ' + meant if meant else ''}"


def near_choice(message: str) -> str:
    """The question after a value that is none of an option's choices, which argparse lists; empty after any other refusal."""
    refused = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
    if refused is None:
        return ""
    import difflib  # only a mistake needs it

    near = difflib.get_close_matches(refused[1], re.findall(r"[^\s',]+", refused[2]), n=2)
    return f"; {did_you_mean(near)}" if near else ""
