"""The words of the command line: commands, options, and the help that teaches them."""

import argparse
from typing import Any, NoReturn

from mindseye import __version__

MISTAKE = 2
MODEL = "a torchvision name, timm/NAME, efficientnet_lite0|1|2, or FILE.py:FACTORY"

EXAMPLES = """examples:
  mindseye demo                                              see it work, on photos that come along
  mindseye layers resnet50                                   which layers there are
  mindseye visualize photos/ants --model resnet50            the last layer before pooling, four facets
  mindseye visualize photos/ants --layers auto               one row of pictures per stage of the network
  mindseye visualize photos/ants --model net.py:build --checkpoint net.safetensors --layer body.4
  mindseye evaluate runs/ants --judge vit_b_16               whether another network sees in the pictures what you do

exit codes: 0 done, 1 a fault of the program, 2 a mistake in what was asked, 3 done in part, 130 interrupted"""

VISUALIZE_EXAMPLES = """examples:
  mindseye visualize photos/ants --model resnet50 --layer layer3.5.conv1 --top-k 50 --facets 4 --out runs/ants
  mindseye visualize photos/ants --model timm/vit_small_patch16_224 --layer blocks.9
  mindseye visualize photos/ants --model efficientnet_lite0 --layers blocks.2.1,blocks.4.2,bn2 --facets auto
  mindseye visualize photos/ants --recipe paper --set "lr=[4,1]" --set top_k=20

An interrupted run continues with the same command. A finished one is left alone; --force starts anew."""

EVALUATE_EXAMPLES = """examples:
  mindseye evaluate runs/ants --judge vit_b_16
  mindseye evaluate runs/ants --judge vit_b_16 --judge timm/convnext_tiny --among photos
  mindseye evaluate runs/ants --judge vit_b_16 --label ant --label n02206856

The numbers go into run.json, beside those of each facet's members and start, and the figures are drawn anew."""


class Parser(argparse.ArgumentParser):
    """A parser whose refusals are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        """End with the exit code of a mistake."""
        self.exit(MISTAKE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = Parser(
        prog="mindseye",
        description="Shows what a vision network has learned, from a folder of your own photos.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"mindseye {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_visualize(commands)
    _add_evaluate(commands)
    _add_layers(commands)
    _add_recipe(commands)
    _add_demo(commands)
    return parser


def _command(commands: Any, name: str, text: str, epilog: str = "") -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(command=name)
    return parser


def _add_visualize(commands: Any) -> None:
    about = "Paint what a layer sees in a folder of photos, a picture per facet."
    parser = _command(commands, "visualize", about, VISUALIZE_EXAMPLES)
    add = parser.add_argument
    add("images", metavar="IMAGES", help="folder of photos")
    _add_model(parser)
    add(
        "--layer", "--layers", dest="layers", metavar="A[,B,C]", help="addresses from 'mindseye layers', or auto: one per stage"
        " (default: the last before pooling)",
    )  # fmt: skip
    add("--facets", type=_count_or_auto, default=4, metavar="N", help="groups to find, or auto (default: 4)")
    add("--cluster-layer", metavar="A", help="where the groups are found (default: the deepest layer)")
    add("--channels", type=_numbers, metavar="I,J", help="features given by hand instead of the top-k")
    add("--top-k", type=_count, metavar="K", help="how many of the strongest features (default: the recipe's)")
    add("--penalty-layer", metavar="A", help="whose L1 norm is held down (default: the layer's input)")
    add("--recursive", action="store_true", help="take sub-folders too; their names are the labels")
    _add_painting(parser)
    _add_judging(parser)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="resnet50", help=f"{MODEL} (default: resnet50)")
    _add_weights(parser)


def _add_weights(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--weights", metavar="NAME", help="as torchvision names them, or none for random ones")
    add("--checkpoint", metavar="FILE", help="weights of your own: safetensors, or a state dict")


def _add_painting(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--recipe", default=None, metavar="NAME", help="see 'mindseye recipe', or a TOML file")
    add("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="change one number of it")
    add("--steps", type=_count, help="steps of the optimizer (default: the recipe's)")
    add("--size", type=_count, metavar="PX", help="side of the pictures (default: the recipe's, else the model's)")
    add("--seed", type=int, default=0, help="of everything random (default: 0)")
    add("--batch-size", type=_count, default=0, metavar="N", help="pictures painted at once (default: all)")
    add("--out", metavar="DIR", help="run folder (default: runs/FOLDER-MODEL-LAYER)")
    add("--force", action="store_true", help="replace what the folder holds")
    _add_running(parser)


def _add_running(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    add("--quiet", action="store_true", help="say nothing but errors")


def _add_judging(parser: argparse.ArgumentParser, required: bool = False) -> None:
    add = parser.add_argument
    judges = "a network that looks at the pictures, another than the painted one; repeatable"
    among = "photos to find their neighbours among, besides the run's own; sub-folders too; repeatable"
    labels = "what the judges should see: name, WordNet id, index (default: what they see in most members); repeatable"
    add("--judge", dest="judges", action="append", default=[], required=required, metavar="MODEL", help=judges)
    add("--among", action="append", default=[], metavar="FOLDER", help=among)
    add("--label", dest="labels", action="append", default=[], metavar="NAME", help=labels)


def _add_evaluate(commands: Any) -> None:
    about = "Let other networks judge the pictures of a finished run."
    parser = _command(commands, "evaluate", about, EVALUATE_EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="folder of the run")
    _add_judging(parser, required=True)
    _add_running(parser)


def _add_layers(commands: Any) -> None:
    parser = _command(
        commands, "layers", "List every layer that fires, its shape and its share of the cost.",
        "examples:\n  mindseye layers resnet50\n  mindseye layers timm/vit_small_patch16_224 --weights none --filter attn",
    )  # fmt: skip
    add = parser.add_argument
    add("model", metavar="MODEL", help=MODEL)
    _add_weights(parser)
    add("--filter", default="", metavar="TEXT", help="only addresses or kinds that contain this")
    add("--size", type=_count, metavar="PX", help="side of the images (default: the model's)")


def _add_recipe(commands: Any) -> None:
    parser = _command(
        commands, "recipe", "List the recipes, or print one as TOML to edit and pass back with --recipe FILE.",
        "examples:\n  mindseye recipe\n  mindseye recipe paper > mine.toml && mindseye visualize photos --recipe mine.toml",
    )  # fmt: skip
    parser.add_argument("name", nargs="?", metavar="NAME")


def _add_demo(commands: Any) -> None:
    parser = _command(commands, "demo", "The main job on a bundled network and photos that come along; no download.")
    add = parser.add_argument
    add("--out", default="runs/demo", metavar="DIR", help="run folder (default: runs/demo)")
    add("--steps", type=_count, default=100, help="fewer are faster (default: 100)")
    add("--force", action="store_true", help="paint it anew")
    add("--quiet", action="store_true", help="say nothing but errors")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above zero")
    return int(text)


def _count_or_auto(text: str) -> int | str:
    return text if text == "auto" else _count(text)


def _numbers(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of channel numbers such as 3,14,15")
    return [int(part) for part in parts]
