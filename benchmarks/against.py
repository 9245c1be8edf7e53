"""The same command with this tree and with another commit's, in turns: what each takes, and whether the pictures are the same.

    python benchmarks/against.py COMMIT --command "visualize PHOTOS --model efficientnet_lite0 --facets 4 --no-cache"
    python benchmarks/against.py COMMIT --command "python {tree}/benchmarks/step.py --recipes distribution --rounds 1" --no-out
    python benchmarks/against.py COMMIT --command "layers efficientnet_lite0" --no-out

The commit is checked out into a worktree in a temporary folder, which is removed at the end, as is what the commands write.
A command is one of ``mindseye``'s, or begins with ``python``; ``{tree}`` in it stands for the tree and ``{out}`` for a new
folder of every call, which is given as ``--out`` where the command does not name it. Every call has an empty cache of its own.

Prints seconds of the processor (of a command and of all that it starts, which other programs on the machine lengthen less
than those of a clock), seconds of a clock and the most memory of one process, each with the median over rounds of this
tree's over the other's, and the smallest and the largest of these ratios: below 1, this tree takes less. Then how many
pictures are the same, byte by byte or in every pixel.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent.parent
MADE_LATER = {"figures", "photos"}
"""Folders of a run whose files are no pictures that were painted."""
MIB = 1024
"""Of the kibibytes that the system counts memory in."""


@dataclass(frozen=True)
class Spent:
    """What one call took: seconds of the processor and of a clock, and the largest process in MiB."""

    processor: float
    clock: float
    memory: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("--command", default="demo --steps 20", help="by default: %(default)s")
    parser.add_argument(
        "--other-command", help="what the commit's tree runs, where it knows the command by other words"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-out", action="store_true", help="the command takes no --out")
    options = parser.parse_args()
    commands = [options.command, options.other_command or options.command]
    with tempfile.TemporaryDirectory() as place, checkout(options.commit, Path(place) / "tree") as other:
        trees = [HERE, other]
        for tree in trees:
            check_tree(tree)
        outs = [Path(place) / "this", Path(place) / "other"]
        rounds: list[list[Spent]] = []
        for number in range(options.rounds):
            spent: dict[int, Spent] = {}
            # Who comes first changes from round to round, so that a machine that slows down favours neither.
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                outs[side] = Path(place) / f"{number}-{side}"
                spent[side] = call(trees[side], commands[side], outs[side], not options.no_out)
            rounds.append([spent[0], spent[1]])
        print_spent(rounds, options)
        if not options.no_out:
            print(compare_pictures(*outs))


@contextmanager
def checkout(commit: str, tree: Path) -> Iterator[Path]:
    """A worktree of a commit while the context lasts."""
    subprocess.run(["git", "-C", HERE, "worktree", "add", "--quiet", "--detach", tree, commit], check=True)
    try:
        yield tree
    finally:
        subprocess.run(["git", "-C", HERE, "worktree", "remove", "--force", tree], check=True)


def check_tree(tree: Path) -> None:
    """Compile a tree's files, so that its first call does not, and see that it is what is imported."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", tree / "mindseye"], check=True)
    ask = [sys.executable, "-P", "-c", "import mindseye; print(mindseye.__file__)"]
    answer = subprocess.run(ask, env=environment(tree), check=True, capture_output=True, text=True).stdout.strip()
    if not Path(answer).is_relative_to(tree):
        raise SystemExit(f"{tree} was to be measured, and {answer} is what Python imports")


def environment(tree: Path) -> dict[str, str]:
    """The environment in which a tree's modules are found first."""
    return os.environ | {"PYTHONPATH": str(tree)}


def call(tree: Path, command: str, out: Path, has_out: bool) -> Spent:
    """Run a command with a tree's modules and wait for it.

    Raises:
        SystemExit: where it fails, with what it said.
    """
    words = [word.format(tree=tree, out=out) for word in shlex.split(command)]
    if has_out and "{out}" not in command:
        words += ["--out", str(out)]
    own = words[1:] if words[0] == "python" else ["-P", "-m", "mindseye.cli", *words]
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryFile("w+") as said:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *own],
            env=environment(tree) | {"MINDSEYE_CACHE": cache},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)  # which counts what the process itself has waited for, too
        took = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{shlex.join(words)} of {tree} ended with {process.returncode}:\n{said.read()[-2000:]}")
    return Spent(usage.ru_utime + usage.ru_stime, took, usage.ru_maxrss / MIB)


def print_spent(rounds: list[list[Spent]], options: argparse.Namespace) -> None:
    """The table of both trees."""
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    print(f"{options.command}\nOMP_NUM_THREADS {threads}, rounds: {len(rounds)}, medians\n")
    print(f"| | this tree | {options.commit} | this over that | range of rounds |\n|---|---|---|---|---|")
    for name, key, unit in (("processor", "processor", "s"), ("clock", "clock", "s"), ("memory", "memory", "MiB")):
        this, other = ([getattr(spent[side], key) for spent in rounds] for side in (0, 1))
        ratios = [mine / theirs for mine, theirs in zip(this, other, strict=True)]
        medians = " | ".join(f"{statistics.median(values):.1f} {unit}" for values in (this, other))
        print(f"| {name} | {medians} | {statistics.median(ratios):.2f} | {min(ratios):.2f}-{max(ratios):.2f} |")


def compare_pictures(this: Path, other: Path) -> str:
    """One line on the pictures of two runs."""
    files = [
        {
            path.relative_to(out): path
            for path in out.rglob("*.png")
            if MADE_LATER.isdisjoint(path.relative_to(out).parts)
        }
        for out in (this, other)
    ]
    both = sorted(files[0].keys() & files[1].keys())
    alike = [name for name in both if files[0][name].read_bytes() == files[1][name].read_bytes()]
    rest = {name: _largest_difference(files[0][name], files[1][name]) for name in both if name not in set(alike)}
    shown = [name for name, difference in rest.items() if difference == 0]
    differing = {str(name): difference for name, difference in rest.items() if difference}
    line = (
        f"\npictures: {len(alike)} the same bytes, {len(shown)} the same pixels in other files, {len(differing)} differ"
    )
    if differing:
        worst = max(differing, key=lambda name: differing[name])
        line += f" (most of all {worst}: {differing[worst]} of 255)"
    alone = len(files[0]) + len(files[1]) - 2 * len(both)
    return line + (f"; {alone} of one tree alone" if alone else "")


def _largest_difference(first: Path, second: Path) -> int:
    """In the 255 steps of a byte; of pictures of different shapes as large as can be."""
    this, other = (np.asarray(Image.open(path)).astype(int) for path in (first, second))
    return int(np.abs(this - other).max()) if this.shape == other.shape else 255


if __name__ == "__main__":
    main()
