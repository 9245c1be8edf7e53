"""``mindseye batch``."""

import argparse
from typing import Any

from mindseye.cli.options import (
    MODEL_OPTIONS,
    PAINTING_OPTIONS,
    add_cache,
    add_command,
    add_layers,
    add_model,
    add_painting,
    add_placement,
    changes_of,
    count,
    layers_of,
    picked,
)
from mindseye.cli.outcome import end_batch

EXAMPLES = """examples:
  mindseye batch photos --model resnet50 --layer layer3.5.conv1 --facets 10 --out runs/photos
  mindseye batch imagenet/train --model resnet50 --classes 'n0144*' --judge vit_b_16
  mindseye batch imagenet/train --model resnet50 --out runs/imagenet --shard 3/8    one of eight machines
  mindseye batch imagenet/train --model resnet50 --ray auto --gpus 0.5              on a cluster of Ray's
  mindseye status runs/imagenet                                                     how far it is

The same command continues what was interrupted, however it ended. --force starts anew."""

OWN = (
    "facets",
    "top_k",
    "cluster_layer",
    "penalty_layer",
    "classes",
    "workers",
    "ray",
    "cpus",
    "gpus",
    "shard",
    "retries",
    "executor",
    "cache",
)


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Paint what a layer sees in each of many classes, a run folder per class."
    parser = add_command(commands, "batch", act, about, EXAMPLES)
    add = parser.add_argument
    add("root", metavar="ROOT", help="class folders, ImageNet's layout, or tar shards")
    add_model(parser)
    add_layers(parser)
    add("--facets", type=count, default=4, metavar="N", help="groups to find in each class (default: 4)")
    add(
        "--classes",
        metavar="FILE|GLOB",
        help="which: a file with a name or WordNet id a line, or a pattern such as 'n0144*'",
    )
    add_placement(parser, "class")
    judges = "a network that looks at the pictures, another than the painted one; repeatable"
    add("--judge", dest="judges", action="append", default=[], metavar="MODEL", help=judges)
    add_cache(parser)
    add_painting(parser, "runs/ROOT-MODEL-LAYER", at_once="what the memory holds, 8 on a CPU")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.batch import batch
    from mindseye.workflows.request import DEFAULT_RECIPE

    done = batch(
        options.root,
        layer=layers_of(options),
        recipe=options.recipe or DEFAULT_RECIPE,
        changes=changes_of(options),
        judge=options.judges,
        command=command,
        **picked(options, *MODEL_OPTIONS, *PAINTING_OPTIONS, *OWN),
    )
    return end_batch(done, options)
