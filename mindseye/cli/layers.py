"""``mindseye layers``."""

import argparse
from typing import Any

from mindseye.cli.layer_names import keep_names
from mindseye.cli.options import DONE, MODEL, add_command, add_weights, count, picked

EXAMPLES = """examples:
  mindseye layers resnet50
  mindseye layers timm/vit_small_patch16_224 --weights none --filter attn"""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "List every layer that fires, its shape and its share of the cost."
    parser = add_command(commands, "layers", act, about, EXAMPLES)
    add = parser.add_argument
    add("model", metavar="MODEL", help=MODEL)
    add_weights(parser)
    add("--filter", default="", metavar="TEXT", help="only addresses or kinds that contain this")
    add("--size", type=count, metavar="PX", help="side of the images (default: the model's)")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.layers import list_layers

    table = list_layers(options.model, **picked(options, "weights", "checkpoint", "size"))
    keep_names(options.model, table.addresses)
    print(table.matching(options.filter))
    print(table.describe())
    return DONE
