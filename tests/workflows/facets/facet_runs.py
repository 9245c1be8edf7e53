"""A quick run, and whether two left the same pictures."""

from pathlib import Path

QUICK = {"steps": 6, "quiet": True, "facets": 2, "size": 32}


def same_pictures(first, second):
    pictures = sorted(path.relative_to(first) for path in Path(first).rglob("*.png") if "figures" not in path.parts)
    assert pictures
    return all((first / path).read_bytes() == (second / path).read_bytes() for path in pictures)
