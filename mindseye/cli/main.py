"""Reads words, calls a command, and turns errors into one line and an exit code."""

import argparse
import shlex
import sys
from collections.abc import Sequence

from mindseye import __version__
from mindseye.cli import (
    accentuate,
    atlas,
    batch,
    cache,
    compare,
    completion,
    demo,
    evaluate,
    examples,
    explain,
    film,
    inspect,
    invert,
    layers,
    paint,
    recipe,
    report,
    status,
    transfer,
    visualize,
)
from mindseye.cli import help as help_page
from mindseye.cli import open as open_page
from mindseye.cli.faults import run_guarded
from mindseye.cli.options import DONE
from mindseye.cli.overview import Overview
from mindseye.runtime import collect_seldom, end_quickly, keep_memory, share_cores

# In the order in which help lists them.
GROUPS = {
    "paint": (visualize, paint, invert, accentuate, recipe, demo),
    "look": (inspect, examples, explain, compare, layers),
    "judge": (evaluate, transfer),
    "run many": (batch, atlas, status, cache),
    "see": (open_page, report, film),
    "besides": (help_page, completion),
}

EXAMPLES = """examples:
  mindseye demo                                               see it work, on photos that come along
  mindseye layers resnet50                                    which layers there are
  mindseye visualize photos/ants --model resnet50             the last layer before pooling, four facets
  mindseye visualize photos/ants --layers auto                one row of pictures per stage of the network
  mindseye batch imagenet/train --model resnet50              the same for each of many folders
  mindseye atlas resnet50 photos --out runs/atlas             a page for each channel of a network
  mindseye compare runs/before runs/after                     which channels of two networks are twins
  mindseye inspect photos --model resnet50 --recursive        which channels mean several things
  mindseye paint --model resnet50 "layer3.5.conv1:11"         one channel, without photos
  mindseye paint --model resnet50 class:zebra --recipe class  a class
  mindseye examples photos --model resnet50 --layer layer3.5 --channel 11
  mindseye explain photo.jpg --model resnet50 --method all    which parts of a photo speak for its class
  mindseye open runs/ants                                     its page, in the browser
  mindseye evaluate runs/ants --judge vit_b_16                whether another network sees in the pictures what you do
  mindseye transfer --painter resnet50 --judge vit_b_16       how often it names the classes that are painted

exit codes: 0 done, 1 a fault of the program (please report it), 2 a mistake in what was asked, 3 done in part,
  130 interrupted, 141 nobody read on"""


def run() -> int:
    """The command as a process of its own, which ends with it; returns the exit code."""
    code = main()
    end_quickly()
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    keep_memory()
    share_cores()
    collect_seldom()
    options = argparse.Namespace()

    def act() -> int:
        parser = build_parser()
        if not words:
            parser.print_help()
            return DONE
        parser.check(words)
        parser.parse_all(words, options)
        if not getattr(options, "quiet", True) and getattr(options, "model", None):
            # Before PyTorch is imported, which alone takes seconds.
            print(f"loading {options.model}", file=sys.stderr, flush=True)
        code: int = options.act(options, shlex.join(["mindseye", *words]))
        return code

    return run_guarded(act, words, lambda: getattr(options, "out", None) or getattr(options, "run", None))


def build_parser() -> Overview:
    """All commands and their options."""
    parser = Overview(
        GROUPS,
        prog="mindseye",
        description="Shows what a vision network has learned, from a folder of your own photos.",
        epilog=EXAMPLES,
    )
    parser.add_argument("-V", "--version", action="version", version=f"mindseye {__version__}")
    return parser
