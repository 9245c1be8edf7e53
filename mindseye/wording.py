"""What messages of all rooms say in the same words."""

from collections.abc import Iterable
from pathlib import Path

CLONE = Path(__file__).resolve().parent.parent


def did_you_mean(near: Iterable[str]) -> str:
    """The question after a name that nothing has; empty where no name is near.

    near: names that there are, the nearest first.
    """
    names = [repr(name) for name in near]
    if len(names) < 2:
        return f"did you mean {names[0]}?" if names else ""
    return f"did you mean {', '.join(names[:-1])} or {names[-1]}?"


def near_paths(path: Path) -> list[str]:
    """What lies in the same place under about the same name, the nearest first; as long as the path itself is written."""
    import difflib  # only a mistake needs it

    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.name != path.name]
    except OSError:
        return []
    return [str(path.parent / name) for name in difflib.get_close_matches(path.name, names, n=3, cutoff=0.7)]


def counted(number: int, noun: str) -> str:
    """``1 photo``, ``2 photos``: a number with its noun, which is given as of many."""
    return f"{number} {noun_for(number, noun)}"


def noun_for(number: int, noun: str) -> str:
    """A noun, given as of many, as it follows this number."""
    return noun if number != 1 else noun.removesuffix("es" if noun.endswith("sses") else "s")


def install_command(extra: str, clone: Path = CLONE) -> str:
    """The command that brings an extra, from any folder: of the clone that the package is imported from, else of the index.

    clone: the folder in which the package lies.
    """
    if not (clone / "pyproject.toml").is_file():
        return f'pip install "mindseye[{extra}]"'
    place = "." if Path.cwd() == clone else clone
    return f'pip install -e "{place}[{extra}]"'
