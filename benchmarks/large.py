"""Seconds and memory of every part of a run over many photos, at several numbers of them: does any grow faster than they do?

    python benchmarks/large.py PHOTOS --numbers 12000 36000 100000

PHOTOS is a folder of that many small photos; the first of them are taken. The network is a small one with random weights, so
that the parts beside it can be seen, and two steps are painted. Prints a table for each number: seconds of the processor (of
this process, and of those that decode, which count where they end), seconds of a clock and the most memory that this process
held in the part (Linux alone). Then how fast seconds grow: the exponent of a power of the number of photos between two numbers,
near 1 for what grows as they do, 2 for what grows with all pairs.
"""

import argparse
import math
import os
import re
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

import mindseye
from mindseye.cli import keep_memory

SIDE = 64
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
LEAST = 0.5
"""Seconds below which how fast they grow says nothing."""


class Parts:
    """What each part of a run took, by name: seconds of the processor and of a clock, and MiB at most."""

    def __init__(self) -> None:
        self.taken: dict[str, tuple[float, float, float]] = {}
        self._name, self._begun = "start", (_processor(), time.perf_counter())
        _forget_peak()

    def tell(self, stage: str, done: int, total: int, left: float | None) -> None:
        """Take a new stage's name as the end of the one before; what lies between two stages counts to the first."""
        if stage != self._name:
            self.turn(stage)

    def turn(self, name: str) -> None:
        """End the part that is going on, and begin another."""
        now = (_processor(), time.perf_counter())
        before = self.taken.get(self._name, (0.0, 0.0, 0.0))
        spent = [end - begun for end, begun in zip(now, self._begun, strict=True)]
        self.taken[self._name] = before[0] + spent[0], before[1] + spent[1], max(before[2], _peak())
        self._name, self._begun = name, now
        _forget_peak()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos")
    parser.add_argument("--numbers", type=int, nargs="+", default=[12_000, 36_000, 100_000])
    parser.add_argument("--channels", type=int, default=512, help="of the layer that is painted")
    options = parser.parse_args()
    keep_memory()
    paths = sorted(path for path in Path(options.photos).iterdir() if path.is_file())
    results = {}
    for number in options.numbers:
        if number > len(paths):
            raise SystemExit(f"{options.photos} holds {len(paths)} photos, not {number}")
        results[number] = measure(paths[:number], options.channels).taken
        print(f"\n| {number} photos | processor s | clock s | MiB at most |\n|---|---|---|---|")
        for name, (processor, clock, memory) in results[number].items():
            print(f"| {name} | {processor:.1f} | {clock:.1f} | {memory:.0f} |", flush=True)
    for fewer, more in pairwise(options.numbers):
        print(f"\n{fewer} to {more} photos, seconds of the processor grow as their number to the power of: ", end="")
        pairs = ((name, results[fewer].get(name, (0.0,))[0], taken[0]) for name, taken in results[more].items())
        powers = [
            f"{name} {math.log(late / early) / math.log(more / fewer):.2f}"
            for name, early, late in pairs
            if early > LEAST
        ]
        print(", ".join(powers), flush=True)


def measure(paths: list[Path], channels: int) -> Parts:
    """A whole run over some photos, in a folder that is removed."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 16, 5, 4, 2),
        nn.ReLU(),
        nn.Conv2d(16, 64, 3, 2, 1),
        nn.ReLU(),
        nn.Conv2d(64, channels, 3, 2, 1),
        nn.ReLU(),
    )
    session = mindseye.Session(network, size=SIDE)
    parts = Parts()
    with tempfile.TemporaryDirectory() as place:
        mindseye.visualize(
            paths,
            session,
            "4",
            out=Path(place) / "run",
            steps=2,
            recipe="distribution-1",
            cache=False,
            progress=parts.tell,
        )
        parts.turn("end")
    return parts


def _processor() -> float:
    taken = os.times()
    return taken.user + taken.system + taken.children_user + taken.children_system


def _peak() -> float:
    """MiB."""
    told = re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text()) if STATUS.is_file() else None
    return int(told[1]) / 1024 if told else math.nan


def _forget_peak() -> None:
    if CLEAR.exists():
        CLEAR.write_text("5")


if __name__ == "__main__":
    main()
