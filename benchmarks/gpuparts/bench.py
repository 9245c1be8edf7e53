"""What the parts share: the device and its clock, tables that are printed row by row and kept, and photos made on the spot."""

import io
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from mindseye.errors import one_line

DIFFERENT = 256
"""Photos that differ; more are copies of these, as making them takes longer than decoding."""


@dataclass
class Bench:
    """Where and how large all is measured.

    dry: small sizes, to see on a CPU that the script runs. place: a folder that is gone afterwards. found: what a part leaves
    for a later one, by name.
    """

    device: torch.device
    dry: bool
    place: Path
    found: dict[str, float] = field(default_factory=dict)

    def pick(self, real: Any, dry: Any) -> Any:
        """A size: the real one, or that of a dry run."""
        return dry if self.dry else real

    def wait(self) -> None:
        """Until the device has done all that it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def seconds(self, work: Callable[[], object], times: int = 1) -> float:
        """Seconds of one of so many calls, one after the other, with what the device has to do for them."""
        self.wait()
        begun = time.perf_counter()
        for _ in range(times):
            work()
        self.wait()
        return (time.perf_counter() - begun) / times

    def forget(self) -> None:
        """Give memory back that nothing uses, and count its peak anew."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak(self) -> float:
        """GiB that tensors held at most since the last ``forget``; NaN on a CPU."""
        if self.device.type != "cuda":
            return float("nan")
        return torch.cuda.max_memory_allocated(self.device) / 2**30

    def photos(self, name: str, folders: int, each: int, side: tuple[int, int] = (500, 375)) -> Path:
        """Folders of JPEG files, each folder in colours and at a coarseness of its own; made once."""
        root = self.place / name
        made: list[Path] = []
        for number in range(0 if root.is_dir() else folders):
            folder = root / f"class-{number:03d}"
            folder.mkdir(parents=True)
            for photo in range(each):
                path = folder / f"{photo:05d}.jpg"
                if len(made) < DIFFERENT:
                    path.write_bytes(_photo(number, photo, side))
                    made.append(path)
                else:
                    shutil.copyfile(made[(number * each + photo) % len(made)], path)
        return root


def _photo(kind: int, number: int, side: tuple[int, int]) -> bytes:
    draw, own = np.random.default_rng([kind, number]), np.random.default_rng(kind)
    cells = 6 + 3 * (kind % 5)
    tints = own.uniform(0.2, 1, 3)
    coarse = Image.fromarray((draw.uniform(0, 255, (cells, cells, 3)) * tints).astype(np.uint8))
    pixels = np.asarray(coarse.resize(side, Image.Resampling.BICUBIC)) + draw.normal(0, 8, (side[1], side[0], 3))
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


class Table:
    """The table of a part: each row is printed when it is there, and ``keep`` is called, so that a cut run tells what it has.

    seconds: that the part may take. What does not fit in them is left out, and said.
    """

    def __init__(self, title: str, seconds: float, keep: Callable[["Table"], None]) -> None:
        self.title, self.columns = title, [""]
        self.rows: list[list[str]] = []
        self.remarks: list[str] = []
        self.error = ""
        self.taken = 0.0
        self._keep, self._begun, self._seconds = keep, time.perf_counter(), seconds

    @property
    def left(self) -> float:
        """Seconds that the part has left."""
        return self._seconds - (time.perf_counter() - self._begun)

    def head(self, *columns: str) -> None:
        """The titles of the columns, before the first row."""
        self.columns = list(columns)
        print(f"\n## {self.title}\n\n{line(columns)}\n{line(['---'] * len(columns))}", flush=True)

    def row(self, *cells: object) -> None:
        """A row, kept as it is printed."""
        self.rows.append([shown(cell) for cell in cells])
        print(line(self.rows[-1]), flush=True)
        self._note_time()

    def remark(self, text: str) -> None:
        """A line below the table."""
        self.remarks.append(text)
        print(f"({text})", flush=True)
        self._note_time()

    def end(self, error: str = "") -> None:
        """The part is over. error: what ended it before its time."""
        self.error = error
        self._note_time()
        print(f"\n**ended with {error}**" if error else f"\n{self.taken:.0f} s", flush=True)

    def has(self, seconds: float, what: str) -> bool:
        """Whether so many seconds are left for something; where not, it is said to be left out."""
        if self.left >= seconds:
            return True
        self.remark(f"left out, {self.left:.0f} of {self._seconds:.0f} s are left: {what}")
        return False

    def attempt(self, what: str, work: Callable[[], Sequence[object]], least: float = 1.0) -> None:
        """A row of what a piece of work gives, behind its name; one that fails costs only its own row.

        least: seconds that it is known to take.
        """
        if not self.has(least, what):
            return
        try:
            cells = work()
        except Exception as error:  # whatever it is, the others are wanted
            self.row(what, f"failed: {type(error).__name__}: {one_line(error)[:160]}")
        else:
            self.row(what, *cells)

    def attempt_remarks(self, what: str, work: Callable[[], Sequence[str]], least: float) -> None:
        """Lines below the table that a piece of work gives; as ``attempt``."""
        if not self.has(least, what):
            return
        try:
            lines = work()
        except Exception as error:  # as above
            lines = [f"failed: {type(error).__name__}: {one_line(error)[:160]}"]
        for text in lines:
            self.remark(f"{what}: {text}")

    def values(self) -> dict[str, Any]:
        """All of it, for the file."""
        lists = {"columns": list(self.columns), "rows": list(self.rows), "remarks": list(self.remarks)}
        return {"title": self.title, "seconds": round(self.taken, 1), "error": self.error} | lists

    def _note_time(self) -> None:
        self.taken = time.perf_counter() - self._begun
        self._keep(self)


def shown(value: object) -> str:
    """A number with three digits that count, anything else as it is."""
    if not isinstance(value, float):
        return str(value)
    if value != value:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def line(cells: Sequence[object]) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |"


def markdown(report: dict[str, Any]) -> str:
    """The tables of a whole report, as benchmarks/README.md shows them."""
    blocks = [f"{report['device']}, torch {report['torch']}{', a dry run: no number means anything' * report['dry']}"]
    for number, part in sorted(report["parts"].items()):
        width = len(part["columns"])
        rows = [row + [""] * (width - len(row)) for row in part["rows"]]
        table = [line(part["columns"]), line(["---"] * width), *(line(row) for row in rows)]
        failed = [f"**ended with {part['error']}**"] if part["error"] else []
        blocks.append("\n".join([f"### {number}. {part['title']} ({part['seconds']:.0f} s)", "", *table]))
        blocks += ["; ".join([*part["remarks"], *failed])] if part["remarks"] or failed else []
    return "\n\n".join(blocks)


def write_whole(path: Path, content: dict[str, Any]) -> None:
    """Write a report so that a run that is cut leaves the one before or this one."""
    beside = path.with_name(f".{path.name}")
    beside.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    os.replace(beside, path)  # noqa: PTH105
