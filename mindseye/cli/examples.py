"""``mindseye examples``."""

import argparse
from typing import Any

from mindseye.cli.options import (
    DONE,
    MODEL_OPTIONS,
    add_command,
    add_figures,
    add_model,
    add_running,
    count,
    index,
    picked,
)
from mindseye.cli.outcome import tell_outcome

EXAMPLES = """examples:
  mindseye examples photos --model resnet50 --layer layer3.5 --channel 11
  mindseye examples photos --recursive --model efficientnet_lite0 --layer blocks.4.2 --channel 11 --channel 60 --whole

Each channel becomes a sheet of four groups of nine photos: minimum, slightly negative, slightly positive, maximum."""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Show the photos of a folder that a channel answers to most, least, and hardly."
    parser = add_command(commands, "examples", act, about, EXAMPLES)
    add = parser.add_argument
    add("photos", metavar="PHOTOS", help="folder of photos")
    add_model(parser)
    add("--layer", required=True, metavar="A", help="an address from 'mindseye layers'")
    add(
        "--channel", dest="channels", type=index, action="append", required=True, metavar="I",
        help="a channel of the layer; repeatable",
    )  # fmt: skip
    add("--recursive", action="store_true", help="take sub-folders too")
    add("--size", type=count, metavar="PX", help="side of what the network sees (default: the model's)")
    tiles = parser.add_mutually_exclusive_group()
    crop, whole = "show of each photo what the unit saw (default)", "show whole photos, with a box around that"
    tiles.add_argument("--crop", dest="whole", action="store_false", default=False, help=crop)
    tiles.add_argument("--whole", dest="whole", action="store_true", default=False, help=whole)
    add(
        "--out", metavar="DIR", help="folder (default: runs/examples-FOLDER-MODEL-LAYER); an earlier call's is replaced"
    )
    add_figures(parser)
    add_running(parser)


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.examples import examples
    from mindseye.report.result import examples_outcome

    own = ("layer", "channels", "recursive", "size", "whole", "out", "figures", "device", "quiet")
    found = examples(options.photos, command=command, **picked(options, *MODEL_OPTIONS, *own))
    tell_outcome(examples_outcome(found.path, found.record), options)
    return DONE
