"""What messages of all rooms say in the same words."""

from collections.abc import Iterable


def did_you_mean(near: Iterable[str]) -> str:
    """The question after a name that nothing has; empty where no name is near.

    near: names that there are, the nearest first.
    """
    names = [repr(name) for name in near]
    if len(names) < 2:
        return f"did you mean {names[0]}?" if names else ""
    return f"did you mean {', '.join(names[:-1])} or {names[-1]}?"
