"""``mindseye layers``."""

import argparse
from typing import Any

from mindseye.cli.options import DONE, MODEL, add_command, add_weights, count, picked

EXAMPLES = """examples:
  mindseye layers resnet50
  mindseye layers timm/vit_small_patch16_224 --weights none --filter attn"""


def add(commands: Any) -> None:
    """The command's words."""
    about = "List every layer that fires, its shape and its share of the cost."
    parser = add_command(commands, "layers", act, about, EXAMPLES)
    add = parser.add_argument
    add("model", metavar="MODEL", help=MODEL)
    add_weights(parser)
    add("--filter", default="", metavar="TEXT", help="only addresses or kinds that contain this")
    add("--size", type=count, metavar="PX", help="side of the images (default: the model's)")


def act(options: argparse.Namespace, command: str) -> int:
    """Do it; the exit code."""
    from mindseye.layers.survey import survey
    from mindseye.models.freeze import freeze
    from mindseye.models.load import load_model
    from mindseye.report.tables import layer_table

    model = load_model(options.model, **picked(options, "weights", "checkpoint", "size"))
    with freeze(model.network):
        network = survey(model.network, options.size or model.preprocessing.size, model.in_channels)
    print(layer_table(model, network, options.filter))
    print(model.findings.describe())
    for note in [*model.findings.notes, *network.notes]:
        print(f"note: {note}")
    for address, reason in network.unreadable.items():
        if "@" not in address:
            print(f"not listed: {address!r} {reason}")
    return DONE
