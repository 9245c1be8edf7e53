"""``mindseye accentuate``."""

import argparse
from typing import Any

from mindseye.cli.options import (
    BESIDE,
    MODEL_OPTIONS,
    PAINTING_OPTIONS,
    add_command,
    add_model,
    add_painting,
    changes_of,
    picked,
    weight,
)
from mindseye.cli.outcome import end_run

EXAMPLES = """examples:
  mindseye accentuate photo.jpg layer3.5:11 --model resnet50                 what the photo lacks for this channel
  mindseye accentuate photo.jpg class:zebra "class:red fox" --model vit_b_16       two pictures
  mindseye accentuate photo.jpg layer2 layer3 --model resnet50 --caricature  more of what each layer sees in it
  mindseye accentuate photo.jpg class:zebra --near 4 --near-layer layer1.0   stay closer to the photo"""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Paint into a photo what it lacks for a unit, or a caricature of what a layer sees in it."
    parser = add_command(commands, "accentuate", act, about, EXAMPLES)
    add = parser.add_argument
    add("photo", metavar="PHOTO", help="photo file")
    add("objectives", nargs="+", metavar="OBJECTIVE", help="as in 'mindseye paint'; for a caricature, layers")
    add_model(parser)
    add("--caricature", action="store_true", help="exaggerate what the layers see already")
    add(
        "--near",
        type=weight,
        metavar="W",
        help="how strongly the picture is held to the photo (default: 1, for a caricature 0.1)",
    )
    add("--near-layer", metavar="A", help="where it is held (default: the first stage of the network)")
    add(
        "--power",
        type=weight,
        metavar="P",
        help="of the cosine, for directions (default: 2) and caricatures (default: 0)",
    )
    add("--probability", action="store_true", help="raise a class's probability rather than its logit")
    add_painting(parser, f"runs/accentuate-PHOTO-MODEL-OBJECTIVE{BESIDE}", recipe="accentuate")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.accentuate import accentuate

    own = ("photo", "objectives", "caricature", "near", "near_layer", "power", "probability")
    run = accentuate(
        recipe=options.recipe or "accentuate",
        changes=changes_of(options),
        command=command,
        **picked(options, *own, *MODEL_OPTIONS, *PAINTING_OPTIONS),
    )
    return end_run(run, options)
