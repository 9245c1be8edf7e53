"""A run that is killed while it paints, and goes on: does it end as one that was left alone?"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import torch

import mindseye
from gpuparts.bench import Bench
from mindseye.runs.files import read_picture
from mindseye.runs.folder import RunFolder

NETWORK = """
import torch, torchvision
def build():
    torch.manual_seed(0)
    return torchvision.models.resnet18().eval()
"""
KILL_AFTER = 40
"""Seconds after which a run that has not written its state is killed all the same."""
WORDS = ["layer3.1:1", "layer3.1:2"]


class KilledRun:
    """Begins a run in another process when it is entered, and kills it as soon as it has written its state."""

    def __init__(self, bench: Bench) -> None:
        self._place, self._device = bench.place / "killed", str(bench.device)
        self._steps, self._size = bench.pick((600, 128), (40, 48))
        self._state_seen = False

    def __enter__(self) -> Self:
        self._place.mkdir()
        (self._place / "network.py").write_text(NETWORK)
        call = f"paint(Path({str(self._place)!r}), 'out', {self._asked})"
        code = f"from pathlib import Path; from gpuparts.killed import paint; {call}"
        paths = os.pathsep.join([str(Path(__file__).parent.parent), *sys.path])
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONPATH": paths},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._watch = threading.Thread(target=self._kill_when_saved, daemon=True)
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()

    @property
    def _asked(self) -> tuple[str, int, int]:
        return self._device, self._steps, self._size

    def _kill_when_saved(self) -> None:
        ends = time.monotonic() + KILL_AFTER
        while time.monotonic() < ends and self._process.poll() is None and not self._state_seen:
            self._state_seen = any((self._place / "out").rglob("*.safetensors"))
            time.sleep(0.01)
        self._process.kill()

    def compare(self, seconds: float) -> Sequence[object]:
        """The killed run goes on in this process, beside two that were left alone: the mean difference of their pictures.

        On CUDA the gradient of a view adds up in any order, so two runs left alone differ as well. seconds: to wait for the kill.
        """
        self._watch.join(max(seconds, 0.0))
        if not self._state_seen:
            return ["the process wrote no state before it ended", "**no**", ""]
        status = RunFolder(self._place / "out").read().status
        names = ("out", "alone", "again")
        for out in names:
            paint(self._place, out, self._asked)
        killed, alone, again = (_pictures(self._place / out) for out in names)
        off, usual = (float((one - alone).abs().mean()) for one in (killed, again))
        is_right = status == "running" and off <= max(2 * usual, 1 / 255)
        return [off, "yes" if is_right else "**no**", f"two runs left alone: off by {usual:.2g}; found {status}"]


def paint(place: Path, out: str, asked: tuple[str, int, int]) -> None:
    """Paint two pictures into a folder, or go on where it was interrupted, writing the state as often as it can."""
    device, steps, size = asked
    mindseye.paint(
        WORDS,
        f"{place / 'network.py'}:build",
        recipe="lucid",
        device=device,
        steps=steps,
        size=size,
        save_every=0.0,
        out=place / out,
        quiet=True,
    )


def _pictures(out: Path) -> torch.Tensor:
    entries = RunFolder(out).read().pictures
    return torch.stack([read_picture(out / str(entry.picture)) for entry in entries])
