"""``mindseye atlas``."""

import argparse
from typing import Any

from mindseye.cli.options import (
    MODEL,
    PAINTING_OPTIONS,
    add_cache,
    add_command,
    add_painting,
    add_placement,
    add_weights,
    changes_of,
    count,
    picked,
)
from mindseye.cli.outcome import end_batch

EXAMPLES = """examples:
  mindseye atlas resnet50 photos --out runs/atlas                  32 channels of each stage
  mindseye atlas resnet50 photos --layers layer3.5 --channels all  every channel of one layer
  mindseye atlas my.py:net photos --channels 8 --steps 100         a first look
  mindseye atlas resnet50 photos --out runs/atlas --shard 3/8      one of eight machines
  mindseye status runs/atlas                                       how far it is
  mindseye open runs/atlas                                         its first page, also while it grows

PHOTOS are read with their sub-folders, whose names are the classes. What it will cost is told before it begins. The same
command continues what was interrupted, however it ended. --force starts anew."""

OWN = ("facets", "title", "workers", "ray", "cpus", "gpus", "shard", "retries", "executor", "cache")


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Make a page for each channel of a network: pictures, photos, numbers, relatives, what feeds it."
    parser = add_command(commands, "atlas", act, about, EXAMPLES)
    add = parser.add_argument
    add("model", metavar="MODEL", help=MODEL)
    add("photos", metavar="PHOTOS", help="folder of photos, with its sub-folders, or a tar archive")
    add_weights(parser)
    layers = "addresses from 'mindseye layers'; auto: one per stage; all: every block (default: auto)"
    add("--layers", "--layer", default="auto", metavar="A[,B]", help=layers)
    channels = "how many of each layer, those that differ most; all; or which, as 3,14,15 (default: 32)"
    add("--channels", type=channel_choice, default=32, metavar="N", help=channels)
    add(
        "--facets",
        type=facet_choice,
        default="auto",
        metavar="N",
        help="of each channel, 1 to 4, or auto (default: auto)",
    )
    add("--title", default="", metavar="TEXT", help="of the site (default: the network's name)")
    add_placement(parser, "channel")
    add_cache(parser)
    add_painting(parser, "runs/atlas-FOLDER-MODEL", at_once="what the memory holds, 8 on a CPU")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.atlas import atlas
    from mindseye.workflows.request import DEFAULT_RECIPE

    made = atlas(
        options.photos,
        options.model,
        layers=options.layers,
        channels=options.channels,
        recipe=options.recipe or DEFAULT_RECIPE,
        changes=changes_of(options),
        command=command,
        **picked(options, "weights", "checkpoint", *PAINTING_OPTIONS, *OWN),
    )
    return end_batch(made, options)


def channel_choice(text: str) -> int | str | list[int]:
    """How many channels, ``all``, or which, with commas between; ``320,`` is a list of one."""
    if text == "all":
        return text
    if "," not in text:
        return count(text)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of channels, no list such as 3,14,15, and not all")
    return [int(part) for part in parts]


def facet_choice(text: str) -> int | str:
    """1 to 4, or ``auto``."""
    if text in ("1", "2", "3", "4"):
        return int(text)
    if text != "auto":
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 4, and not auto")
    return text
