"""What several commands have in common: options with the same words, kinds of values, and exit codes."""

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from mindseye.cli.colour import styled
from mindseye.cli.columns import fold_examples
from mindseye.cli.mistakes import near_choice

DONE, FAULT, MISTAKE, PARTIAL, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141
PRECISIONS = ("auto", "float32", "bfloat16")
MODEL = "a torchvision name, timm/NAME, efficientnet_lite0|1|2, or FILE.py:FACTORY"

# Options that the Python functions take by the names that they have here.
MODEL_OPTIONS = ("model", "weights", "checkpoint")
PAINTING_OPTIONS = ("out", "figures", "steps", "size", "seed", "device", "batch_size", "force", "quiet", "snapshots")

Act = Callable[[argparse.Namespace, str], int]


class Parser(argparse.ArgumentParser):
    """A parser whose refusals are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        """End with the exit code of a mistake."""
        name = styled(f"{self.prog}:", "mistake", sys.stderr)
        message += near_choice(message)
        self.exit(MISTAKE, f"{name} {message} (see {self.prog} --help)\n")

    def format_help(self) -> str:
        """As argparse has it, with examples that fit the terminal."""
        return fold_examples(super().format_help()) + "\n"

    @property
    def options(self) -> Mapping[str, argparse.Action]:
        """Every option by each of its names."""
        return self._option_string_actions

    def knows(self, option: str) -> bool:
        """Whether a word is an option, or the begin of one, which argparse takes for it."""
        return any(known.startswith(option) for known in self.options)


def add_command(commands: Any, name: str, act: Act, text: str, epilog: str = "") -> argparse.ArgumentParser:
    """A command: its help, and the function that does it."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(act=act)
    return parser


def add_model(parser: argparse.ArgumentParser) -> None:
    """Which network."""
    parser.add_argument("--model", default="resnet50", help=f"{MODEL} (default: resnet50)")
    add_weights(parser)


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Which weights of it."""
    add = parser.add_argument
    add("--weights", metavar="NAME", help="as torchvision names them, or none for random ones")
    add("--checkpoint", metavar="FILE", help="weights of your own: safetensors, or a state dict")


def add_layers(parser: argparse.ArgumentParser) -> None:
    """Which layers facets are found and painted at."""
    add = parser.add_argument
    layers = (
        "addresses from 'mindseye layers', or auto: one per stage"
        " (default: the last before pooling, of a plain transformer an earlier block)"
    )
    add("--layer", "--layers", dest="layers", metavar="A[,B,C]", help=layers)
    add("--cluster-layer", metavar="A", help="where the groups are found (default: the deepest layer)")
    add("--top-k", type=count, metavar="K", help="how many of the strongest features (default: the recipe's)")
    add("--penalty-layer", metavar="A", help="whose L1 norm is held down (default: the layer's input)")


def layers_of(options: argparse.Namespace) -> list[str] | None:
    """The addresses that ``--layer`` names; None for the default."""
    return [layer.strip() for layer in options.layers.split(",")] if options.layers else None


BESIDE = "; -2, -3, ... where another run lies"
"""After the folder that a run goes to by default."""


def add_painting(
    parser: argparse.ArgumentParser, out: str, batch_size: int = 0, at_once: str = "all", recipe: str = "distribution"
) -> None:
    """How pictures are painted.

    out: how the run folder is called by default. batch_size: how many are painted at once by default; at_once: what 0 means.
    recipe: the default one.
    """
    add = parser.add_argument
    add("--recipe", default=None, metavar="NAME", help=f"see 'mindseye recipe', or a TOML file (default: {recipe})")
    add("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="change one number of it")
    add("--prior", metavar="FILE", help="paint the latent of this decoder: FILE.py:FACTORY, or a TorchScript archive")
    add(
        "--precision", choices=PRECISIONS, help="what the network computes in (default: the recipe's, bfloat16 on CUDA)"
    )
    add("--compile", action="store_true", help="try torch.compile, and keep it where it is faster")
    add("--steps", type=count, help="steps of the optimizer (default: the recipe's)")
    add("--size", type=count, metavar="PX", help="side of the pictures (default: the recipe's, else the model's)")
    add("--seed", type=int, default=0, help="of everything random (default: 0)")
    painted = f"pictures painted at once (default: {batch_size or at_once})"
    add("--batch-size", type=count, default=batch_size, metavar="N", help=painted)
    add("--snapshots", type=count, metavar="N", help="pictures kept on the way (default: the recipe's)")
    add("--out", metavar="DIR", help=f"run folder (default: {out})")
    add("--force", action="store_true", help="replace what the folder holds")
    add_figures(parser)
    add_running(parser)


def add_running(parser: argparse.ArgumentParser) -> None:
    """Where, and how loudly."""
    add = parser.add_argument
    add("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    add("--quiet", action="store_true", help="say nothing but errors")


def add_figures(parser: argparse.ArgumentParser) -> None:
    """How figures look."""
    figures = "dark, and svg, pdf for these besides PNG; with commas between (default: light)"
    parser.add_argument("--figures", metavar="A[,B]", help=figures)


def add_cache(parser: argparse.ArgumentParser) -> None:
    """Whether activations are kept between runs."""
    no_cache = "compute every photo's activations anew, and keep none (see 'mindseye cache')"
    parser.add_argument("--no-cache", dest="cache", action="store_false", help=no_cache)


def add_placement(parser: argparse.ArgumentParser, item: str) -> None:
    """Who works on the packs of a batch or an atlas, and where. item: what people call one of what it works on."""
    add = parser.add_argument
    add("--workers", type=count, metavar="N", help="processes (default: 1; on a cluster: what there is room for)")
    add("--ray", metavar="ADDRESS", help="work on this cluster of Ray's, or auto: the one here, else this machine")
    add("--cpus", type=weight, metavar="N", help="CPUs for each worker on the cluster (default: its threads)")
    add(
        "--gpus",
        type=weight,
        metavar="N",
        help="GPUs for each worker on the cluster; 0.5 puts two workers on one GPU (default: 1 where there are any)",
    )
    add(
        "--shard", metavar="I/N", help="work on the I-th of N parts; each part is a command of its own, into one folder"
    )
    add(
        "--retries",
        type=index,
        default=2,
        metavar="N",
        help=f"how often a {item} that failed is tried again (default: 2)",
    )
    add("--executor", metavar="FILE.py:NAME", help="have the packs worked on by an executor of your own")


def add_judging(parser: argparse.ArgumentParser, required: bool = False, neighbours: bool = True) -> None:
    """Who looks at the pictures. neighbours: whether there are photos to find them among."""
    add = parser.add_argument
    judges = "a network that looks at the pictures, another than the painted one; repeatable"
    among = "photos to find their neighbours among, besides the run's own; sub-folders too; repeatable"
    labels = "what the judges should see: name, WordNet id, index (default: what they see in most members); repeatable"
    add("--judge", dest="judges", action="append", default=[], required=required, metavar="MODEL", help=judges)
    if neighbours:
        add("--among", action="append", default=[], metavar="FOLDER", help=among)
    add("--label", dest="labels", action="append", default=[], metavar="NAME", help=labels)


def picked(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Some options by name, to pass on."""
    return {name: getattr(options, name) for name in names}


def changes_of(options: argparse.Namespace) -> dict[str, Any]:
    """What ``--set``, ``--prior``, ``--precision`` and ``--compile`` change of a recipe."""
    from mindseye.optimize.recipe.files import parse_changes

    prior = {"canvas": "prior", "prior": options.prior} if options.prior else {}
    precision = {"precision": options.precision} if options.precision else {}
    compiled = {"compile": True} if options.compile else {}
    return prior | precision | compiled | parse_changes(options.changes)


def count(text: str) -> int:
    """A whole number above zero."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above zero")
    return int(text)


def index(text: str) -> int:
    """A whole number, zero or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of zero or more")
    return int(text)


def weight(text: str) -> float:
    """A finite number of zero or more."""
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from error
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of zero or more")
    return value


def count_or_auto(text: str) -> int | str:
    """A whole number above zero, or ``auto``."""
    if text != "auto" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number above zero nor auto")
    return text if text == "auto" else count(text)


def numbers(text: str) -> list[int]:
    """Whole numbers with commas between."""
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of channel numbers such as 3,14,15")
    return [int(part) for part in parts]
