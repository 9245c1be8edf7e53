"""``mindseye inspect``."""

import argparse
from typing import Any

from mindseye.cli.options import (
    BESIDE,
    MODEL_OPTIONS,
    PAINTING_OPTIONS,
    add_cache,
    add_command,
    add_judging,
    add_model,
    add_painting,
    changes_of,
    count,
    count_or_auto,
    index,
    picked,
)
from mindseye.cli.outcome import end_run

EXAMPLES = """examples:
  mindseye inspect photos --recursive --model resnet50 --layers layer2,layer3,layer4 --out runs/inspect
  mindseye inspect photos --recursive --model efficientnet_lite0 --judge efficientnet_lite1
  mindseye inspect photos --model resnet50 --layers auto --channels-shown 0        numbers and facets only
  mindseye inspect photos --recursive --model resnet50 --recipe distribution       pictures as good as visualize's

Give it photos of many kinds: a channel can only be seen to mix what the photos show. figures/entanglement.png has the
curve over depth, figures/channels.png the channels. The many pictures are drafts, each in a sixth of the time of visualize's
(--recipe draft); --recipe distribution paints them in full. An interrupted run continues with the same command; a finished
one is left alone; --force starts anew."""

OWN = ("facets", "channels_shown", "top_k", "cluster_layer", "recursive", "among", "labels", "cache")


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Say which channels of a layer are entangled (one channel, several meanings), and show it."
    parser = add_command(commands, "inspect", act, about, EXAMPLES)
    add = parser.add_argument
    add("photos", metavar="PHOTOS", help="folder of photos")
    add_model(parser)
    add(
        "--layer", "--layers", dest="layers", default="auto", metavar="A[,B,C]",
        help="addresses from 'mindseye layers', or auto: one per stage (default: auto)",
    )  # fmt: skip
    add("--facets", type=count_or_auto, default=8, metavar="N", help="groups to find, 3 or more, or auto (default: 8)")
    add(
        "--channels-shown", type=index, default=2, metavar="N",
        help="pictures of the N most and the N least entangled channels of each layer (default: 2; 0: none)",
    )  # fmt: skip
    add(
        "--cluster-layer", metavar="A",
        help="where the groups are found, and how far apart they are (default: the last before"
        " pooling, of a plain transformer an earlier block)",
    )  # fmt: skip
    add("--top-k", type=count, metavar="K", help="of how many channels per facet (default: the recipe's)")
    add("--recursive", action="store_true", help="take sub-folders too; their names are the labels")
    add_painting(parser, f"runs/inspect-FOLDER-MODEL-LAYERS{BESIDE}", recipe="draft")
    add_judging(parser)
    add_cache(parser)


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.inspect import RECIPE, inspect
    from mindseye.report.tables import entanglement_table

    run = inspect(
        options.photos,
        layers=[layer.strip() for layer in options.layers.split(",")],
        recipe=options.recipe or RECIPE,
        changes=changes_of(options),
        judge=options.judges,
        command=command,
        **picked(options, *MODEL_OPTIONS, *PAINTING_OPTIONS, *OWN),
    )
    if not options.quiet:
        print(entanglement_table(run.manifest))
        if run.manifest.recipe["name"] == RECIPE:
            beside = ", with another --out," if options.out else ""
            print(f"the pictures are drafts; --recipe distribution{beside} paints them in full")
    return end_run(run, options, judged=bool(options.judges))
