"""``mindseye visualize``."""

import argparse
from typing import Any

from mindseye.cli.options import (
    BESIDE,
    MODEL_OPTIONS,
    PAINTING_OPTIONS,
    add_cache,
    add_command,
    add_judging,
    add_layers,
    add_model,
    add_painting,
    changes_of,
    count_or_auto,
    layers_of,
    numbers,
    picked,
)
from mindseye.cli.outcome import end_run

EXAMPLES = """examples:
  mindseye visualize photos/ants --model resnet50 --layer layer3.5.conv1 --top-k 50 --facets 4 --out runs/ants
  mindseye visualize photos/ants --model timm/vit_small_patch16_224 --layer blocks.9
  mindseye visualize photos/ants --model efficientnet_lite0 --layers blocks.2.1,blocks.4.2,bn2 --facets auto
  mindseye visualize photos/ants --recipe paper --set "lr=[4,1]" --set top_k=20

An interrupted run continues with the same command. A finished one is left alone; --force starts anew."""

OWN = ("facets", "top_k", "channels", "cluster_layer", "penalty_layer", "recursive", "among", "labels", "cache")


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Paint what a layer sees in a folder of photos, a picture per facet."
    parser = add_command(commands, "visualize", act, about, EXAMPLES)
    add = parser.add_argument
    add("photos", metavar="PHOTOS", help="folder of photos, or a tar archive of them")
    add_model(parser)
    add_layers(parser)
    add("--facets", type=count_or_auto, default=4, metavar="N", help="groups to find, or auto (default: 4)")
    add("--channels", type=numbers, metavar="I,J", help="features given by hand instead of the top-k")
    add("--recursive", action="store_true", help="take sub-folders too; their names are the labels")
    add_cache(parser)
    add_painting(parser, f"runs/FOLDER-MODEL-LAYER{BESIDE}")
    add_judging(parser)


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.visualize import visualize
    from mindseye.workflows.request import DEFAULT_RECIPE

    run = visualize(
        options.photos,
        layer=layers_of(options),
        recipe=options.recipe or DEFAULT_RECIPE,
        changes=changes_of(options),
        judge=options.judges,
        command=command,
        **picked(options, *MODEL_OPTIONS, *PAINTING_OPTIONS, *OWN),
    )
    return end_run(run, options, judged=bool(options.judges))
