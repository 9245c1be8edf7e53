"""What a command has come to: what is said at its end, and its exit code."""

import argparse
import sys
from typing import Any

from mindseye.cli.colour import styled
from mindseye.cli.options import DONE, PARTIAL


def end_run(run: Any, options: argparse.Namespace, judged: bool = False) -> int:
    """Tell what a run has come to and what one would do next; its exit code. judged: print what judges said, too."""
    from mindseye.report.result import run_outcome
    from mindseye.report.tables import score_table

    if judged and not options.quiet:
        print(score_table(run.manifest), flush=True)
    code = code_of(run)
    tell_outcome(run_outcome(run.path, run.manifest), options)
    return code


def end_batch(made: Any, options: argparse.Namespace) -> int:
    """Tell what a batch or an atlas has come to; its exit code. What failed is named."""
    from mindseye.report.result import batch_outcome

    for failure in made.failures:
        print(f"mindseye: {failure.status}: {failure.name}: {failure.reason}", file=sys.stderr)
    now = made.status
    tell_outcome(batch_outcome(made.path, now.counts, now.pictures), options)
    return PARTIAL if made.failures else DONE


def tell_outcome(outcome: Any, options: argparse.Namespace) -> None:
    """Say in one line what a command has come to, and below it which commands lead on."""
    if options.quiet:
        return
    print(styled(outcome.line, "result", sys.stderr), file=sys.stderr)
    for command in outcome.commands:
        print(f"  {command}", file=sys.stderr)


def code_of(run: Any) -> int:
    """The exit code of a run; what failed is named."""
    for line in run.failures:
        print(f"mindseye: failed: {line}", file=sys.stderr)
    return PARTIAL if run.failures else DONE
