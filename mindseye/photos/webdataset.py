"""The samples of tar shards and their classes, in WebDataset's convention."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from mindseye.errors import UserError, one_line
from mindseye.photos.file_kinds import image_suffixes, natural_key
from mindseye.photos.photo_set import Source
from mindseye.photos.tar import Index, Member, read_index

# What the JSON of a sample may call its class, the more telling first.
JSON_KEYS = ("wnid", "synset", "class_name", "classname", "class", "label", "cls")
LONGEST = 100
LARGEST_NOTE = 2**20

_WNID = re.compile(r"n\d{8}")
_LEADING_WNID = re.compile(r"(n\d{8})(?!\d)")


def classes_of_shards(shards: Sequence[Path]) -> tuple[dict[str, Source], list[str]]:
    """The photos of each class in some archives, in natural order of their names, and what was left out, in a few lines.

    A sample is the files of one name up to the first dot (WebDataset). Its class is the first of these that there is: a name
    in its ``.cls`` or ``.json``; a WordNet id that its folder or its own name begins with (``n01440764_10026.JPEG``); its
    folder; a number in its ``.cls`` or ``.json``. An archive that is itself called by a WordNet id, as ILSVRC2012 has them, is
    one class, and is not opened before its photos are wanted.

    Raises:
        UserError: if an archive cannot be read, a sample says no class, or says one that cannot be a folder's name.
    """
    archives: dict[str, Source] = {}
    members_by_class: dict[str, list[Member]] = {}
    notes: list[str] = []
    for shard in shards:
        if _WNID.fullmatch(shard.stem):
            archives[shard.stem] = str(shard)
            continue
        index = _index(shard)
        if index.refused:
            name, reason = index.refused[0]
            notes.append(f"{shard.name}: {len(index.refused)} left out, the first ({name!r}) as {reason}")
        for name, members in _samples(shard, index).items():
            members_by_class.setdefault(name, []).extend(members)
    both = sorted(set(archives) & set(members_by_class))
    if both:
        raise UserError(f"class {both[0]} has an archive of its own, and photos in another one; name one of them")
    if not archives and not members_by_class:
        raise UserError(f"no photos in {shards[0]}{f' and {len(shards) - 1} more' if len(shards) > 1 else ''}")
    for members in members_by_class.values():
        members.sort(key=lambda member: (natural_key(PurePosixPath(member.name)), member.archive))
    return archives | {name: tuple(members) for name, members in members_by_class.items()}, notes


def _index(shard: Path) -> Index:
    try:
        return read_index(shard)
    except OSError as error:
        raise UserError(f"cannot read the shard {str(shard)!r}: {one_line(error)}") from error


def _samples(shard: Path, index: Index) -> dict[str, list[Member]]:
    """The photos of an archive by class."""
    photos: dict[str, list[Member]] = {}
    beside: dict[str, dict[str, Member]] = {}
    for name, member in index.members.items():
        folder, _, base = name.rpartition("/")
        stem, _, ending = base.partition(".")
        key = f"{folder}/{stem}"
        if not stem:
            continue  # a hidden file
        if PurePosixPath(base).suffix.lower() in image_suffixes():
            photos.setdefault(key, []).append(member)
        elif ending.lower() in ("cls", "json"):
            beside.setdefault(key, {})[ending.lower()] = member
    classes: dict[str, list[Member]] = {}
    for key, members in photos.items():
        classes.setdefault(_class_of(shard, key, beside.get(key, {})), []).extend(members)
    return classes


def _class_of(shard: Path, key: str, beside: Mapping[str, Member]) -> str:
    folder, _, stem = key.rpartition("/")
    folder = folder.rpartition("/")[2]
    texts = [text for kind, member in beside.items() for text in _class_texts(shard, kind, member)]
    words = [text for text in texts if not text.isdecimal()]
    wnids = [match[1] for match in (_LEADING_WNID.match(folder), _LEADING_WNID.match(stem)) if match]
    candidates = [*words, *wnids, *([folder] if folder else []), *texts]
    if not candidates:
        raise UserError(
            f"sample {stem!r} of {shard.name} says no class: it needs a .cls or .json beside it, a folder, or a name that"
            " begins with a WordNet id; 'mindseye visualize' takes a shard whole"
        )
    return _check_name(candidates[0], f"sample {stem!r} of {shard.name}")


def _class_texts(shard: Path, kind: str, member: Member) -> list[str]:
    """What a ``.cls`` or ``.json`` says the class is; nothing if it says nothing that can be read."""
    if member.size > LARGEST_NOTE:
        return []
    try:
        text = member.open().read().decode("utf-8")
    except UnicodeDecodeError:
        return []
    except OSError as error:
        raise UserError(f"cannot read the shard {str(shard)!r}: {one_line(error)}") from error
    if kind == "cls":
        return [text.strip()] if text.strip() else []
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        return []
    values = [held.get(name) for name in JSON_KEYS] if isinstance(held, dict) else []
    return [str(value).strip() for value in values if isinstance(value, str | int) and str(value).strip()]


def _check_name(name: str, source: str) -> str:
    """A class's name, found to be a name that a folder can have: run folders are called by it."""
    if "/" in name or "\\" in name or name.startswith(".") or not name.isprintable() or len(name) > LONGEST:
        raise UserError(f"{source} has the class {name[:LONGEST]!r}, which cannot be a folder's name")
    return name
