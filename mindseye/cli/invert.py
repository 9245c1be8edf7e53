"""``mindseye invert``."""

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
)
from mindseye.cli.outcome import end_run

EXAMPLES = """examples:
  mindseye invert photo.jpg --model vgg16 --layer features.20
  mindseye invert photo.jpg --model resnet50 --layers auto              one picture per stage: what is lost with depth
  mindseye invert photo.jpg --model vgg16 --layer features.20 --patches photos

Without --patches the picture is painted from noise (Mahendran and Vedaldi 2015), under an L_p norm and total variation;
with it, each position shows the photo of the folder that the layer takes for most alike there (Long et al. 2014)."""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Paint the picture whose activations at a layer are a photo's: what the layer keeps of it."
    parser = add_command(commands, "invert", act, about, EXAMPLES)
    add = parser.add_argument
    add("photos", nargs="+", metavar="PHOTO", help="photo files")
    add_model(parser)
    add(
        "--layer", "--layers", dest="layers", metavar="A[,B,C]", help="addresses from 'mindseye layers', or auto: one per stage"
        " (default: the last before pooling, of a plain transformer an earlier block)",
    )  # fmt: skip
    add("--patches", metavar="IMAGES", help="rebuild the photo from the nearest patches of this folder instead")
    add("--recursive", action="store_true", help="take patches of its sub-folders, too")
    add_painting(parser, f"runs/invert-PHOTO-MODEL-LAYER{BESIDE}", recipe="invert")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.invert import invert

    run = invert(
        layer=[layer.strip() for layer in options.layers.split(",")] if options.layers else None,
        recipe=options.recipe or "invert",
        changes=changes_of(options),
        command=command,
        **picked(options, "photos", "patches", "recursive", *MODEL_OPTIONS, *PAINTING_OPTIONS),
    )
    return end_run(run, options)
