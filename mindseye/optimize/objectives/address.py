"""The words that name an objective on the command line, taken apart. What they name is looked up elsewhere.

    layer3.5                     a layer as a whole
    layer3.5.conv1:11            a channel
    layer3.5.conv1:11@4,7        a neuron: the channel at x = 4, y = 7
    layer3.5.conv1:11:neg        the negative of a channel or a neuron
    layer3.5.conv1:random:0      a random direction, by its seed
    layer3.5.conv1:way.npy       a direction from a file
    class:zebra                  a class by name, WordNet id or index
    my.py:Contrast               an objective of the user's own, in a file; my.py:Contrast(channel=3) with settings
    output                       the network's output, or a part or channel of it: output:15, output:masks:15@40,40

A layer's own address may hold ``#1`` and ``@input`` (``layer4.0.relu#1:3``, ``conv1@input:3@1,2``). A module that is
itself called ``output`` or ``class`` is named by its call, ``output#0``.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from mindseye.errors import UserError
from mindseye.layers.layer import INPUT
from mindseye.layers.output import OUTPUT
from mindseye.wording import did_you_mean

Kind = Literal["layer", "channel", "neuron", "random", "direction", "class", "output", "own"]

CLASS = "class"
ARRAY = ".npy"
PYTHON = ".py"

_NUMBER = "(?:0|[1-9][0-9]{0,17})"
_OWN = re.compile(r".+\.py:[^\W\d]\w*(\(.*\))?", re.DOTALL)
_UNIT = re.compile(rf"(?P<channel>{_NUMBER})(?:@(?P<x>{_NUMBER}),(?P<y>{_NUMBER}))?(?P<negative>:neg)?")
_RANDOM = re.compile(rf"random:(?P<seed>{_NUMBER})")


@dataclass(frozen=True)
class ObjectiveAddress:
    """The name of an objective. ``str`` gives back the words it was read from.

    layer: the layer's address, ``output`` for the network's output, empty for a class and for the user's own. words: the
    name of a class, the path of a direction, the user's own FILE.py:NAME, or all that is said after ``output``, split at its
    colons: how many of them lead into the output only the output tells. channel, negative: of a channel or neuron.
    position: (x, y) of a neuron. seed: of a random direction.
    """

    kind: Kind
    layer: str = ""
    words: tuple[str, ...] = ()
    channel: int = 0
    position: tuple[int, int] | None = None
    negative: bool = False
    seed: int = 0

    def __str__(self) -> str:
        if self.kind == "own":
            return self.words[0]
        parts = [CLASS if self.kind == "class" else self.layer, *self.words]
        if self.kind == "channel":
            parts.append(f"{self.channel}")
        elif self.position is not None:
            parts.append(f"{self.channel}@{self.position[0]},{self.position[1]}")
        elif self.kind == "random":
            parts.append(f"random:{self.seed}")
        return ":".join(parts + ["neg"] * self.negative)


def parse_objective(text: str) -> ObjectiveAddress:
    """Take the words of the command line apart.

    Raises:
        UserError: if they follow none of the forms, with the forms that were likely meant.
    """
    if not isinstance(text, str):
        raise UserError(f"an objective is words such as 'layer3.5:11', not {text!r}")
    if _OWN.fullmatch(text):
        return ObjectiveAddress("own", words=(text,))
    if text.endswith(PYTHON):
        raise UserError(f"objective {text!r} is a file: write {f'{text}:NAME'!r} for the objective NAME in it")
    layer, colon, rest = text.partition(":")
    if layer == CLASS:
        if not rest.strip():
            raise UserError(f"objective {text!r} names no class: write 'class:zebra', or its WordNet id or index")
        return ObjectiveAddress("class", words=(rest,))
    if colon and not rest:
        layer = layer or "layer3"
        raise UserError(f"objective {text!r} ends in a colon: write {layer!r}, or {f'{layer}:11'!r} for a channel")
    if layer == OUTPUT:
        return ObjectiveAddress("output", OUTPUT, tuple(rest.split(":")) if colon else ())
    if not layer:
        raise UserError(f"objective {text!r} names no layer: write 'layer3.5.conv1:11' or 'class:zebra'")
    module = layer.removesuffix(INPUT)
    if "@" in module:
        example = f"{module.partition('@')[0] or 'layer3'}:11@4,7"
        raise UserError(f"objective {text!r} has a position without a channel: write {example!r}")
    return parse_within(layer, rest)


def parse_within(layer: str, rest: str) -> ObjectiveAddress:
    """Take apart what is said after a layer's address and its colon, nothing for the layer as a whole.

    Raises:
        UserError: if it is no channel, neuron or direction, with an example of each.
    """
    if not rest:
        return ObjectiveAddress("layer", layer)
    if rest.lower().endswith(ARRAY):
        return ObjectiveAddress("direction", layer, (rest,))
    if unit := _UNIT.fullmatch(rest):
        position = (int(unit["x"]), int(unit["y"])) if unit["x"] else None
        kind: Kind = "neuron" if position else "channel"
        return ObjectiveAddress(
            kind, layer, channel=int(unit["channel"]), position=position, negative=unit["negative"] is not None
        )
    if random := _RANDOM.fullmatch(rest):
        return ObjectiveAddress("random", layer, seed=int(random["seed"]))
    channel, neuron, negative, direction, file = (
        repr(f"{layer}:{example}") for example in ("11", "11@4,7", "11:neg", "random:0", f"direction{ARRAY}")
    )
    meant = did_you_mean(f"{word}:{rest}" for word in get_close_matches(layer, (CLASS, OUTPUT)))
    raise UserError(
        f"objective {f'{layer}:{rest}'!r}: {rest!r} is no part of a layer; {meant + ' ' if meant else ''}"
        f"write {channel} for a channel, {neuron} for it at x = 4, y = 7, "
        f"{negative} for its negative, {direction} or {file} for a direction"
    )
