"""Which classes of a collection a user means: by name, WordNet id or title, one by one or by a pattern."""

import os
import re
from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from mindseye.errors import UserError, one_line
from mindseye.labels import plain_name
from mindseye.photos.collection import Collection, PhotoClass
from mindseye.wording import counted, did_you_mean

_PATTERN = re.compile(r"[*?\[]")
_WITH_TITLE = re.compile(r"(n\d{8})\s+\S.*")


def class_words(text: str | os.PathLike[str]) -> list[str]:
    """What ``--classes FILE|GLOB`` says: the lines of a file, where there is one of this name, else the words themselves.

    A line names a class, or is a pattern; of ``n02391049 zebra`` the WordNet id counts, and what follows a ``#`` is a comment.

    Raises:
        UserError: if the file cannot be read or names no class.
    """
    path = Path(text)
    try:
        if not path.is_file():
            return [os.fspath(text)]
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        reason = "it is no text" if isinstance(error, UnicodeDecodeError) else one_line(error)
        raise UserError(f"classes {os.fspath(text)!r}: {reason}; give a text file with a class per line") from error
    words = [line.partition("#")[0].strip() for line in lines]
    words = [match[1] if (match := _WITH_TITLE.fullmatch(word)) else word for word in words if word]
    if not words:
        raise UserError(f"classes {os.fspath(text)!r} names no class: write one to a line")
    return words


def select_classes(collection: Collection, words: Sequence[str]) -> Collection:
    """The classes that some words mean, by name. Case, ``_`` and ``-`` do not count; ``*``, ``?`` and ``[...]`` make a pattern.

    A class whose name or title holds such a character is found by it, too.

    Raises:
        UserError: for a word that no class has as name or title (with near ones), that is the title of several classes, or
            for a pattern that fits none.
    """
    by_name = {photo_class.name: photo_class for word in words for photo_class in _match_word(collection, word)}
    if not by_name:
        raise UserError("no classes are asked for")
    return Collection(list(by_name.values()), collection.root, collection.notes)


def _match_word(collection: Collection, word: str) -> list[PhotoClass]:
    plain = plain_name(word)
    exact = [photo_class for photo_class in collection if photo_class.name == word]
    matches = exact or [photo_class for photo_class in collection if plain_name(photo_class.name) == plain]
    matches = matches or [photo_class for photo_class in collection if plain_name(photo_class.title) == plain]
    if len(matches) > 1:
        several = ", ".join(photo_class.name for photo_class in matches)
        raise UserError(f"class {word!r} may be any of {several}: give one of these names")
    if matches:
        return matches
    if _PATTERN.search(word):
        matches = [photo_class for photo_class in collection if any(_fits(text, word) for text in _texts(photo_class))]
        if matches:
            return matches
        raise UserError(f"no class of {collection.root} fits {word!r}: {_example(collection)}")
    known = {plain_name(text): text for photo_class in collection for text in _texts(photo_class)}
    near = get_close_matches(plain, known, n=5) or [text for text in known if plain in text][:5]
    hint = did_you_mean(known[text] for text in near) or _example(collection)
    raise UserError(f"no class {word!r} in {collection.root}: {hint}")


def _fits(text: str, pattern: str) -> bool:
    """Whether a name fits a pattern; the plain form of ``[a-c]`` is another pattern."""
    forms = [(text.casefold(), pattern.casefold()), (plain_name(text), plain_name(pattern))]
    return any(fnmatchcase(*form) for form in forms)


def _texts(photo_class: PhotoClass) -> tuple[str, str]:
    return photo_class.name, photo_class.title


def _example(collection: Collection) -> str:
    first = collection[0]
    titled = f" ({first.title})" if first.title != first.name else ""
    return f"it has {counted(len(collection), 'classes')}, the first is {first.name}{titled}"
