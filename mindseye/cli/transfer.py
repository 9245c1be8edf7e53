"""``mindseye transfer``."""

import argparse
from typing import Any

from mindseye.cli.options import (
    MODEL,
    PAINTING_OPTIONS,
    add_command,
    add_painting,
    changes_of,
    count,
    picked,
)
from mindseye.cli.outcome import code_of, tell_outcome

EXAMPLES = """examples:
  mindseye transfer --painter resnet50 --judge vit_b_16 --both --compare        Erkan's ten classes, 300 images each
  mindseye transfer --painter efficientnet_lite0 --judge efficientnet_lite1 --judge efficientnet_lite2 --both --steps 150
  mindseye transfer --painter resnet50 --judge vit_b_16 --classes birds.txt --augmentation crop --paintings 5 --copies 1

A file of classes has one to a line: a name, a WordNet id, or both; labels that count as one stand with | between. What is
done is not done again: the same command continues, and one with another judge adds to the table."""

OWN = ("painter", "classes", "both", "augmentation", "compare", "paintings", "copies")
AUGMENTATIONS = ("all", "none", "crop", "flip", "rotate", "perspective", "blur", "greyscale")
BATCH = 10


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Paint classes with one network, let others name the pictures, and tabulate how often they do."
    parser = add_command(commands, "transfer", act, about, EXAMPLES)
    add = parser.add_argument
    add("--painter", default="resnet50", metavar="MODEL", help=f"{MODEL} (default: resnet50)")
    judges = "a network that names the pictures; repeatable"
    add("--judge", dest="judges", action="append", default=[], required=True, metavar="MODEL", help=judges)
    add("--classes", default="erkan", metavar="FILE", help="a class per line (default: the ten of Erkan)")
    add("--both", action="store_true", help="also the reverse: each judge paints, the painter judges")
    add("--augmentation", choices=AUGMENTATIONS, default="all", help="what the painting uses (default: all)")
    add("--compare", action="store_true", help="paint without augmentation besides, and tabulate both")
    add("--paintings", type=count, default=3, metavar="N", help="of each class (default: 3)")
    copies = "images of each painting: as painted, and augmented again (default: 10)"
    add("--copies", type=count, default=10, metavar="N", help=copies)
    add_painting(parser, "runs/transfer-PAINTER", BATCH, recipe="class")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.transfer import RECIPE, transfer
    from mindseye.report.result import transfer_outcome

    result = transfer(
        judge=options.judges,
        recipe=options.recipe or RECIPE,
        changes=changes_of(options),
        command=command,
        **picked(options, *OWN, *PAINTING_OPTIONS),
    )
    if not options.quiet:
        print(result, flush=True)
    code = code_of(result)
    tell_outcome(transfer_outcome(result.path, result.record), options)
    return code
