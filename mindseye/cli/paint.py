"""``mindseye paint``."""

import argparse
from typing import Any

from mindseye.cli.options import (
    BESIDE,
    MODEL_OPTIONS,
    PAINTING_OPTIONS,
    add_command,
    add_judging,
    add_model,
    add_painting,
    changes_of,
    count,
    picked,
    weight,
)
from mindseye.cli.outcome import end_run

EXAMPLES = """objectives:
  layer3.5.conv1:11            a channel; "...:11@4,7" a neuron at x = 4, y = 7; "...:11:neg" its negative
  layer3.5                     a layer as a whole (its squared norm)
  class:zebra                  a class by name, WordNet id or index
  layer3.5:random:0            a direction by its seed; "layer3.5:direction.npy" one of your own
  output:masks:15@40,40        part of an output that is a dictionary, a list or a dense map

examples:
  mindseye paint --model resnet50 layer3.5.conv1:11 layer3.5.conv1:60
  mindseye paint --model resnet50 layer3.5 --recipe deepdream --init photo.jpg
  mindseye paint --model vit_b_16 class:zebra --probability
  mindseye paint --model resnet50 layer3.5:11 layer3.5:60 --interpolate 7
  mindseye paint --model resnet50 layer3.5:11 --variants 4 --diversity 0.1
  mindseye paint --model resnet50 layer3.5:11 --variants 4 --examples photos

Several objectives are one batch, a picture each, unless --together adds them up."""

OWN = (
    "objectives",
    "init",
    "together",
    "interpolate",
    "variants",
    "diversity",
    "examples",
    "recursive",
    "power",
    "probability",
)


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Paint what excites a unit, channel, layer, class or direction; no photos needed."
    parser = add_command(commands, "paint", act, about, EXAMPLES)
    add = parser.add_argument
    add("objectives", nargs="+", metavar="OBJECTIVE", help="what is to be raised, see below")
    add_model(parser)
    add("--init", metavar="PHOTO", help="start from this photo")
    add("--together", action="store_true", help="one picture for the sum of all objectives")
    add(
        "--interpolate",
        type=count,
        default=0,
        metavar="N",
        help="N pictures on the way between two objectives, aligned",
    )
    add("--variants", type=count, default=1, metavar="N", help="pictures of each objective (default: 1)")
    add("--diversity", type=weight, default=0.0, metavar="W", help="weight that keeps variants apart (default: 0)")
    add("--examples", metavar="IMAGES", help="photos: variants are the facets of those that the objective likes best")
    add("--recursive", action="store_true", help="take sub-folders of the examples too")
    add("--power", type=weight, default=2.0, metavar="P", help="of the cosine, for directions (default: 2)")
    add("--probability", action="store_true", help="raise a class's probability rather than its logit")
    add_painting(parser, f"runs/paint-MODEL-OBJECTIVE{BESIDE}")
    add_judging(parser, neighbours=False)


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.paint import paint
    from mindseye.workflows.request import DEFAULT_RECIPE

    run = paint(
        recipe=options.recipe or DEFAULT_RECIPE,
        changes=changes_of(options),
        judge=options.judges,
        command=command,
        **picked(options, "labels", *OWN, *MODEL_OPTIONS, *PAINTING_OPTIONS),
    )
    return end_run(run, options, judged=bool(options.judges))
