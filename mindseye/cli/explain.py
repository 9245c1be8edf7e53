"""``mindseye explain``."""

import argparse
from typing import Any

from mindseye.cli.options import (
    BESIDE,
    MODEL,
    add_command,
    add_figures,
    add_running,
    add_weights,
    count,
    picked,
    weight,
)
from mindseye.cli.outcome import code_of, tell_outcome

EXAMPLES = """methods, with commas between, or all: every one that the network allows
  occlusion, perturbation                         what happens when a part is hidden
  saliency, integrated-gradients                  what happens when a pixel changes a little
  backprop, deconvnet, guided-backprop            the same with another rule at ReLUs
  lrp                                             the score shared out, layer by layer
  cam, grad-cam                                   where in the last maps

targets:
  top                                             the class that the network puts first, photo by photo (default)
  class:zebra                                     a class by name, WordNet id or index
  layer3.5:11, layer3.5:11@4,7                    a channel; that channel at x = 4, y = 7
  facet:runs/ants/2, facet:runs/ants/LAYER/2      facet 2 of a run of 'mindseye visualize', in the run's own network

examples:
  mindseye explain photo.jpg --model resnet50 --method occlusion,lrp,grad-cam --target class:zebra
  mindseye explain photos --model efficientnet_lite0 --model resnet50 --method all
  mindseye explain photo.jpg --method occlusion --box 48x24 --stride 8 --fill random
  mindseye explain photos --target facet:runs/ants/2 --method grad-cam
  mindseye explain photos --model efficientnet_lite0 --method all --check

An interrupted run continues with the same command. A finished one is left alone; --force starts anew."""

OWN = ("method", "target", "check", "size", "box", "stride", "fill", "baseline", "steps", "game", "rule", "epsilon")
OTHERS = (
    "gamma",
    "cam_layer",
    "weights",
    "checkpoint",
    "recursive",
    "seed",
    "device",
    "batch_size",
    "force",
    "figures",
    "quiet",
)


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Show which parts of photos speak for a class, a unit or a facet."
    parser = add_command(commands, "explain", act, about, EXAMPLES)
    add = parser.add_argument
    add("photos", nargs="+", metavar="PHOTO", help="a photo, or a folder of photos")
    add(
        "--model", dest="models", action="append", default=[], metavar="NAME",
        help=f"{MODEL}; repeatable: side by side (default: resnet50, or the facet's own)",
    )  # fmt: skip
    add_weights(parser)
    add("--method", default="grad-cam", metavar="A[,B,C]", help="see below, or all (default: grad-cam)")
    add("--target", default="top", metavar="WORDS", help="what is explained, see below (default: top)")
    add("--check", action="store_true", help="are the maps worth anything? Curves and forgotten weights, as a table")
    numbers = parser.add_argument_group("numbers of single methods")
    one = numbers.add_argument
    one("--box", type=pair, metavar="HxW", help="occlusion: box in px (default: a seventh of the side)")
    one("--stride", type=pair, metavar="HxW", help="occlusion: step in px (default: half a box)")
    one(
        "--fill", metavar="WHAT", help="occlusion and perturbation: what hides: mean, random, blur, #rrggbb, or a grey from 0 to 1"
        " (default: mean; blur for perturbation)",
    )  # fmt: skip
    one("--game", help="perturbation: deletion or preservation (default: deletion)")
    one("--steps", type=count, help="perturbation (default: 300), integrated gradients (default: 64)")
    one("--baseline", metavar="WHAT", help="integrated gradients: the image without content, as --fill (default: 0)")
    one("--rule", help="lrp: composite, epsilon, gamma or zplus (default: composite)")
    one("--epsilon", type=weight, metavar="E", help="lrp: least share that is divided by (default: 0.001)")
    one("--gamma", type=weight, metavar="G", help="lrp: how much more favourable parts count (default: 0.25)")
    one("--cam-layer", metavar="A", help="grad-cam: the layer to look at (default: the last with rows and columns)")
    add("--recursive", action="store_true", help="take sub-folders too")
    add("--size", type=count, metavar="PX", help="side of what the network sees (default: the model's, or the run's)")
    add("--batch-size", type=count, default=8, metavar="N", help="photos at once (default: 8)")
    add("--seed", type=int, default=0, help="of everything random (default: 0)")
    add("--out", metavar="DIR", help=f"folder (default: runs/explain-PHOTO-MODEL{BESIDE})")
    add("--force", action="store_true", help="replace what the folder holds")
    add_figures(parser)
    add_running(parser)


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    from mindseye.api.explain import explain
    from mindseye.report.result import explanation_outcome

    explanations = explain(
        options.photos, options.models or None, out=options.out, command=command, **picked(options, *OWN, *OTHERS)
    )
    if explanations.table and not options.quiet:
        print(explanations.table, end="", flush=True)
    code = code_of(explanations)
    tell_outcome(explanation_outcome(explanations.path, explanations.manifest), options)
    return code


def pair(text: str) -> tuple[int, int]:
    """Height and width in px: one number for both, or ``48x24``."""
    parts = text.split("x")
    if len(parts) > 2:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of px nor HEIGHTxWIDTH")
    return count(parts[0]), count(parts[-1])
