"""Lists of classes that several networks are asked about: a text file with a class per line."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from mindseye.arguments import as_list
from mindseye.errors import UserError
from mindseye.labels import resolve_labels
from mindseye.models.load import Model

DEFAULT = "erkan"
"""The list that comes with the package: ``mindseye/classes/erkan.txt``."""

_SYNSET = re.compile(r"(n\d{8})\s+(\S.*)")


@dataclass(frozen=True)
class ListedClass:
    """One class of a list.

    text: as it was written. labels: those that count as this class, each by the words that name it.
    """

    text: str
    labels: tuple[tuple[str, ...], ...]


def read_classes(source: str | os.PathLike[str] | Sequence[str] = DEFAULT) -> list[ListedClass]:
    """The classes of a text file, of the bundled list ``erkan``, or of lines that are given.

    A line names a class: by its name, its WordNet id, its index, or by ``n02391049 zebra``, where the name serves networks
    that know no WordNet ids. Labels that count as one class stand in one line with ``|`` between. What follows a ``#`` is
    a comment.

    Raises:
        UserError: if there is no such file, it is no text, or it names no class.
    """
    if isinstance(source, str | os.PathLike):
        name, lines = os.fspath(source), _lines(source)
    else:
        name, lines = "the list of classes", [str(line) for line in as_list("classes", source, str)]
    written = [line.partition("#")[0].strip() for line in lines]
    classes = [_parse_line(line) for line in written if line]
    if not classes:
        raise UserError(f"{name} names no class: write one to a line, such as 'zebra' or 'n02391049 zebra'")
    return classes


def find_class(listed_class: ListedClass, model: Model, outputs: int) -> tuple[int, ...]:
    """The indices of a network's labels that count as a class. outputs: how many classes it scores.

    Raises:
        UserError: if the network does not know one of the labels (with near names), or takes its words for two.
    """
    return tuple(dict.fromkeys(_find(listed_class, words, model, outputs) for words in listed_class.labels))


def _lines(source: str | os.PathLike[str]) -> list[str]:
    if source == DEFAULT:
        return (resources.files("mindseye") / "classes" / f"{DEFAULT}.txt").read_text("utf-8").splitlines()
    try:
        return Path(source).read_text("utf-8-sig").splitlines()
    except (UnicodeDecodeError, OSError) as error:
        reason = "it is no text" if isinstance(error, UnicodeDecodeError) else error.strerror or error
        raise UserError(
            f"classes {os.fspath(source)!r}: {reason}; give a text file with a class per line, or {DEFAULT}"
        ) from error


def _parse_line(line: str) -> ListedClass:
    labels = [label.strip() for label in line.split("|")]
    if not all(labels):
        raise UserError(f"class {line!r} lacks a label: one stands on each side of every '|'")
    return ListedClass(line, tuple(_parse_label(label) for label in labels))


def _parse_label(label: str) -> tuple[str, ...]:
    both = _SYNSET.fullmatch(label)
    return (both[1], both[2]) if both else (label,)


def _find(listed_class: ListedClass, words: tuple[str, ...], model: Model, outputs: int) -> int:
    words_by_index: dict[int, str] = {}
    reason = ""
    for word in words:
        try:
            words_by_index[resolve_labels([word], model.labels, model.wnids, outputs)[0]] = word
        except UserError as error:
            reason = str(error)
    if not words_by_index:
        raise UserError(f"{model.name!r} does not know the class {listed_class.text!r}: {reason}")
    if len(words_by_index) > 1:
        both = " and ".join(repr(word) for word in words_by_index.values())
        raise UserError(
            f"class {listed_class.text!r}: {both} are two labels of {model.name!r}; put a '|' between labels that count as one"
        )
    return next(iter(words_by_index))
