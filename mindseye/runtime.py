"""What is settled for the whole process: how it holds memory, how its threads wait for each other, how it ends."""

import ctypes
import gc
import os
import sys

M_MMAP_MAX, M_TRIM_THRESHOLD, NEVER = -4, -1, 2**31 - 1
YOUNG, MIDDLE, OLD = 50_000, 10, 10
SPINS = "1000"
WAIT_VARIABLES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


def keep_memory() -> None:
    """Have glibc keep freed memory: returning every activation to the system costs a CPU up to 40 % of a step."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):
            library.mallopt(M_MMAP_MAX, 0)
            library.mallopt(M_TRIM_THRESHOLD, NEVER)


def collect_seldom() -> None:
    """Have Python look for reference cycles seldom: while PyTorch is imported it otherwise goes through all of it again and
    again, for two fifths of the time that this takes (benchmarks/README.md).

    No tensor of a step is part of a cycle, so no memory waits for the collector.
    """
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def end_quickly() -> None:
    """Spare Python its last search for cycles among all that PyTorch has imported: the process ends, and with it all memory.

    Only just before the end: what is alive now is never collected.
    """
    gc.freeze()


def share_cores() -> None:
    """Have torch's threads wait for each other asleep rather than spinning, unless the user has said how they wait.

    Where another program takes a core, threads that spin hold up the very thread that they wait for: with two such
    programs on two cores a step took 70 times as long (benchmarks/README.md). OpenMP reads this when torch is imported,
    so it does nothing afterwards.
    """
    if not any(name in os.environ for name in WAIT_VARIABLES):
        os.environ["GOMP_SPINCOUNT"] = SPINS
