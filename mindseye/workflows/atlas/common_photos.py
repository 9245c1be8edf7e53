"""The photos that two atlases have in common, wherever their folders lie."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mindseye.wording import counted
from mindseye.workflows.atlas.atlas import Atlas


@dataclass(frozen=True)
class CommonPhotos:
    """The places of photos in either atlas, in the first one's order. by_content: how many have the same content."""

    pairs: tuple[tuple[int, int], ...]
    by_content: int


def match_photos(first: Atlas, second: Atlas) -> CommonPhotos:
    """Pair photos of the same content; of what is left, those with the same path below each one's own folder.

    Atlases of earlier versions know no contents: their photos have their paths alone. Of several photos with one content those
    with one path are paired, then each with the next.
    """
    names = _names(first), _names(second)
    contents = first.record.contents, second.record.contents
    partners: dict[int, int] = {}
    if all(contents):
        _pair(partners, list(zip(contents[0], names[0], strict=True)), list(zip(contents[1], names[1], strict=True)))
        _pair(partners, *contents)
    by_content = len(partners)
    _pair(partners, *names)
    return CommonPhotos(tuple(sorted(partners.items())), by_content)


def describe_photos(photos: int, by_content: int) -> str:
    """How many photos two atlases have in common, in a line."""
    if by_content == photos:
        return f"{counted(photos, 'photos')} that both have seen, by their content"
    by_path = photos - by_content
    how = f"{by_content} by their content, {by_path} by their paths alone" if by_content else "by their paths"
    return f"{counted(photos, 'photos')} that both have seen, {how}"


def _pair(partners: dict[int, int], keys: Sequence[object], others: Sequence[object]) -> None:
    """Give each place that has no partner yet the first free place of the same key."""
    taken = set(partners.values())
    free: defaultdict[object, list[int]] = defaultdict(list)
    for place in range(len(others) - 1, -1, -1):
        if place not in taken:
            free[others[place]].append(place)
    for place, key in enumerate(keys):
        if place not in partners and free.get(key):
            partners[place] = free[key].pop()


def _names(atlas: Atlas) -> list[str]:
    root = Path(atlas.record.images.root or ".")
    paths = [Path(path) for path in atlas.photos]
    return [path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix() for path in paths]
