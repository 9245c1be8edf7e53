"""Everything that is to be known of a GPU, in at most eight minutes: is it right, and how fast is it beside the bare parts?

    python benchmarks/gpu.py                        on a CUDA device, all six parts
    python benchmarks/gpu.py --parts 1,2            some of them
    python benchmarks/gpu.py --dry                  on a CPU, small sizes: does the script run?
    python benchmarks/gpu.py --table                the tables of the last run, for benchmarks/README.md

1. right: canvases, objectives, regularizers, views, attribution and extraction, CPU against CUDA; a run that was killed goes on
2. the step: the whole loop over a bare forward and backward, by network, batch and precision; host waits per step; compiled
3. extraction: photos per second over what decoding and the forward pass alone allow, by decoding workers
4. batch: classes per minute over the bare parts, memory, and a real out-of-memory that is halved
5. the default ``visualize``, from the command to the folder; four pictures of 200 steps from the network's load
6. ImageNet projected: ten facets of 1000 classes, 300 steps each, one middle layer of ResNet-50 in bfloat16

All networks have random weights and all photos are made on the spot, so it needs no network connection. Each row is printed
when it is there, and ``--json`` written with it; a part that fails, or does not fit in its time, costs no other one.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from gpuparts.batches import measure_batch
from gpuparts.bench import Bench, Table, markdown, write_whole
from gpuparts.extraction import measure_extraction
from gpuparts.projection import project_imagenet
from gpuparts.right import check_right
from gpuparts.steps import measure_steps
from gpuparts.whole import measure_whole

from mindseye.cli import keep_memory
from mindseye.errors import one_line
from mindseye.runs.entries import device_name

TOTAL = 460.0
"""Seconds of all parts together; the rest of eight minutes is for what lies between them."""

DRY_FILE = "mindseye-gpu-dry.json"

Part = tuple[str, float, Callable[[Bench, Table], None]]
PARTS: dict[str, Part] = {
    "1": ("Right: CPU against the device", 100.0, check_right),
    "2": ("The step, whole over bare", 140.0, measure_steps),
    "3": ("Extraction", 55.0, measure_extraction),
    "4": ("Batch", 70.0, measure_batch),
    "5": ("visualize, from the command to the folder", 45.0, measure_whole),
    "6": ("ImageNet, projected", 50.0, project_imagenet),
}


def main() -> int:
    """Run the parts that are asked for, or print the tables of the last run; 1 where one of them failed."""
    options = _options()
    if options.table:
        print(markdown(json.loads(options.json.read_text("utf-8"))))
        return 0
    device = torch.device(options.device or ("cpu" if options.dry else "cuda"))
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.exit("there is no CUDA device: --dry tries the script on a CPU")
    keep_memory()
    parts = {} if options.fresh or not options.json.is_file() else _earlier(options.json, options.dry)
    report: dict[str, Any] = {
        "device": device_name(device),
        "torch": torch.__version__,
        "dry": options.dry,
        "parts": parts,
    }
    print(f"{report['device']}, torch {report['torch']}, {options.seconds:.0f} s for parts {options.parts}", flush=True)
    ends = time.perf_counter() + options.seconds
    failed = False
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(device, options.dry, Path(place))
        for number in options.parts.split(","):
            failed |= not _run(number.strip(), bench, report, ends, options.json)
    print(f"\n{options.json} is written; --table makes the tables of it", flush=True)
    return int(failed)


def _run(number: str, bench: Bench, report: dict[str, Any], ends: float, file: Path) -> bool:
    """One part, whatever becomes of it; whether it went well."""
    title, seconds, work = PARTS[number]

    def keep(table: Table) -> None:
        report["parts"][number] = table.values()
        write_whole(file, report)

    table = Table(title, min(seconds, ends - time.perf_counter()), keep)
    if table.left < 5:
        table.remark("left out: no time is left")
        return True
    try:
        work(bench, table)
    except Exception as error:  # the other parts are wanted
        table.end(f"{type(error).__name__}: {one_line(error)[:300]}")
    else:
        table.end()
    bench.forget()
    return not table.error


def _earlier(file: Path, dry: bool) -> dict[str, Any]:
    """The parts of an earlier run of the same kind, which parts that are run alone stand beside."""
    report = json.loads(file.read_text("utf-8"))
    parts: dict[str, Any] = report["parts"] if report.get("dry") == dry else {}
    return parts


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--parts", default=",".join(PARTS), help="numbers with commas between (default: all)")
    add("--dry", action="store_true", help="small sizes, on the CPU unless --device says otherwise")
    add("--device", help="default: cuda, dry: cpu")
    add("--seconds", type=float, default=TOTAL, help=f"of all parts together (default: {TOTAL:.0f})")
    add("--json", type=Path, help="default: benchmarks/gpu.json, dry: a file among the temporary ones")
    add("--fresh", action="store_true", help="forget the other parts of an earlier run")
    add("--table", action="store_true", help="only print the tables of the file")
    options = parser.parse_args()
    if options.json is None:
        options.json = Path(tempfile.gettempdir()) / DRY_FILE if options.dry else Path(__file__).with_name("gpu.json")
    unknown = {number.strip() for number in options.parts.split(",")} - PARTS.keys()
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
