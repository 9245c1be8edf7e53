"""The command line: it reads words, calls Python, and turns errors into one line and an exit code."""

import argparse
import ctypes
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import Any

from mindseye.errors import UserError
from mindseye.parser import MISTAKE, build_parser

M_MMAP_MAX, M_TRIM_THRESHOLD, NEVER = -4, -1, 2**31 - 1

# What `visualize` takes by the name that the option has.
PASSED_ON = (
    "facets", "out", "steps", "size", "top_k", "channels", "cluster_layer", "penalty_layer", "weights", "checkpoint",
    "seed", "device", "batch_size", "recursive", "force", "quiet",
)  # fmt: skip

DONE, PARTIAL, INTERRUPTED = 0, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    keep_memory()
    options = build_parser().parse_args(words)
    try:
        return ACTS[options.command](options, shlex.join(["mindseye", *words]))
    except UserError as error:
        print(f"mindseye: {error}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print("\nmindseye: interrupted; the same command continues where it stopped", file=sys.stderr)
        return INTERRUPTED


def keep_memory() -> None:
    """Have glibc keep freed memory: returning every activation to the system costs a CPU up to 40 % of a step."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):
            library.mallopt(M_MMAP_MAX, 0)
            library.mallopt(M_TRIM_THRESHOLD, NEVER)


def _visualize(options: argparse.Namespace, command: str) -> int:
    from mindseye.api import DEFAULT_RECIPE, visualize
    from mindseye.evaluation import assess, convene
    from mindseye.optimize.recipe import parse_changes

    judging = options.judges or options.among or options.labels
    panel = convene(options.judges, options.among, options.labels, options.model) if judging else None
    run = visualize(
        options.images,
        options.model,
        [layer.strip() for layer in options.layers.split(",")] if options.layers else None,
        recipe=options.recipe or DEFAULT_RECIPE,
        changes=parse_changes(options.changes),
        command=command,
        **{name: getattr(options, name) for name in PASSED_ON},
    )
    return (
        _scores(assess(run.path, panel, device=options.device, quiet=options.quiet), options) if panel else _code(run)
    )


def _evaluate(options: argparse.Namespace, command: str) -> int:
    from mindseye.evaluation import evaluate

    judging = {"device": options.device, "quiet": options.quiet}
    return _scores(evaluate(options.run, options.judges, options.among, options.labels, **judging), options)


def _scores(run: Any, options: argparse.Namespace) -> int:
    from mindseye.report.scores import score_table

    if not options.quiet:
        print(score_table(run.manifest))
    return _code(run)


def _layers(options: argparse.Namespace, command: str) -> int:
    from mindseye.inputs.frozen import frozen
    from mindseye.inputs.layers import survey
    from mindseye.inputs.models import load_model
    from mindseye.report.tables import layer_table

    model = load_model(options.model, weights=options.weights, checkpoint=options.checkpoint)
    with frozen(model.network):
        network = survey(model.network, options.size or model.preprocessing.size, model.channels)
    print(layer_table(model, network, options.filter))
    return DONE


def _recipe(options: argparse.Namespace, command: str) -> int:
    from mindseye.optimize.recipe import load_recipe, recipe_names, recipe_text

    if options.name:
        print(recipe_text(options.name), end="")
    else:
        for name in recipe_names():
            print(f"{name:<14} {load_recipe(name).about}")
    return DONE


def _demo(options: argparse.Namespace, command: str) -> int:
    from mindseye.demo import demo

    return _code(demo(options.out, steps=options.steps, force=options.force, quiet=options.quiet, command=command))


def _code(run: Any) -> int:
    for line in run.failures:
        print(f"mindseye: failed: {line}", file=sys.stderr)
    return PARTIAL if run.failures else DONE


ACTS: dict[str, Callable[[argparse.Namespace, str], int]] = {
    "visualize": _visualize,
    "evaluate": _evaluate,
    "layers": _layers,
    "recipe": _recipe,
    "demo": _demo,
}


if __name__ == "__main__":
    sys.exit(main())
