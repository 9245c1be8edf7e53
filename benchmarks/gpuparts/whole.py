"""Part 5: what a user waits for, from the command to the folder, and from a network's load to pictures in memory."""

import subprocess
import sys
import time
from collections.abc import Sequence

import mindseye
from gpuparts.bench import Bench, Table
from mindseye.runs.folder import RunFolder


def measure_whole(bench: Bench, table: Table) -> None:
    """The command line in a process of its own, then a session in this one."""
    table.head("what", "seconds", "of which")
    table.attempt("four pictures of 200 steps, lucid, from the network's load", lambda: _loaded(bench), least=5)
    table.attempt("the same again, the network loaded", lambda: _loaded(bench), least=4)
    table.attempt("mindseye visualize, a folder of 60 photos", lambda: _command(bench, table), least=bench.pick(15, 10))


def _loaded(bench: Bench) -> Sequence[object]:
    network, steps = bench.pick(("resnet50", 200), ("resnet18", 3))
    begun = time.perf_counter()
    session = mindseye.Session(
        network, weights="none", device=str(bench.device), size=bench.pick(None, 64), cache=False
    )
    opened = time.perf_counter() - begun
    layer = bench.pick("layer3.5", "layer3.1")
    session.paint([f"{layer}:{channel}" for channel in range(4)], "lucid", steps=steps)
    bench.wait()
    whole = time.perf_counter() - begun
    return [whole - opened, f"loading before it: {opened:.1f} s; aim 3 s"]


def _command(bench: Bench, table: Table) -> Sequence[object]:
    folder = bench.photos("photos to visualize", 1, bench.pick(60, 8)) / "class-000"
    out = bench.place / "visualized"
    words = [sys.executable, "-m", "mindseye.cli", "visualize", str(folder), "--weights", "none", "--out", str(out)]
    words += ["--model", bench.pick("resnet50", "resnet18"), "--device", str(bench.device), "--quiet", "--no-cache"]
    words += [] if not bench.dry else ["--steps", "2", "--size", "64", "--facets", "2", "--snapshots", "1"]
    begun = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, timeout=max(table.left, 1), check=False)
    took = time.perf_counter() - begun
    if done.returncode:
        raise RuntimeError(f"the command ended with {done.returncode}: {done.stderr[-300:]}")
    stages = RunFolder(out).read().seconds
    return [took, ", ".join(f"{name} {seconds:.1f}" for name, seconds in stages.items())]
