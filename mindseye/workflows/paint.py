"""Painting in batches that can be interrupted, and what is told on the way."""

import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from mindseye.optimize.loop import Painting, run
from mindseye.optimize.painted import Painted
from mindseye.runs.files import read_tensors, write_tensors

CHECK_EVERY = 10
SAVE_SECONDS = 15.0

Build = Callable[[Sequence[int]], Painting]


class Keeper:
    """Is told how a painting goes on, and keeps of it what it wants; each method may be left as it is.

    state: the stem of the files that an interrupted painting continues from, None where it is not kept. snapshots: how many
    pictures are kept on the way, the last of them at the end. save_seconds: how often the state is written.
    """

    state: Path | None = None
    snapshots: int = 1
    save_seconds: float = SAVE_SECONDS

    def __init__(self, on_steps: Callable[[int], None] = lambda steps: None) -> None:
        """on_steps: told how many more steps of pictures are made."""
        self.on_steps = on_steps

    def look(self, painting: Painting, pictures: Sequence[int]) -> bool:
        """The painting of some pictures as it is now, every few steps; whether it goes on."""
        return True

    def keep_snapshot(self, step: int, images: dict[int, Tensor]) -> None:
        """The pictures as they are at a step, by number."""

    def keep_painted(self, painted: dict[int, Painted]) -> None:
        """The pictures of a batch as they came out, by number."""

    def before_state(self) -> None:
        """The state is about to be written, from which the painting would go on: snapshots up to here are not taken again."""


def paint(build: Build, pictures: Sequence[int], batch_size: int, keeper: Keeper) -> None:
    """Paint pictures batch by batch; a batch that was interrupted goes on from its state.

    build: makes the painting of some pictures at its very start. batch_size: pictures painted at once. When the device runs
    out of memory, the batch is halved (its random numbers stay the same).
    """
    waiting = [list(pictures[first : first + batch_size]) for first in range(0, len(pictures), batch_size)]
    while waiting:
        batch = waiting.pop(0)
        painted: dict[int, Painted] | None = None
        try:
            painted = _paint_batch(build, batch, keeper)
        except torch.cuda.OutOfMemoryError:
            if len(batch) == 1:
                raise
        if painted is None:
            # Only now has the error let go of its frames, and of what they hold.
            gc.collect()
            torch.cuda.empty_cache()
            waiting[:0] = [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
            continue
        keeper.keep_painted(painted)
        if keeper.state is not None:
            _state_file(keeper.state, batch).unlink(missing_ok=True)


def _paint_batch(build: Build, batch: list[int], keeper: Keeper) -> dict[int, Painted]:
    painting = build(batch)
    starts = painting.images()
    file = None if keeper.state is None else _state_file(keeper.state, batch)
    if file is not None and file.is_file():
        painting.load(read_tensors(file))
        keeper.on_steps(painting.step * len(batch))
    counted, saved = painting.step, time.monotonic()
    lost: dict[int, str] = {}
    count = keeper.snapshots
    snapshots = {round(part * painting.recipe.steps / count) for part in range(1, count + 1)}

    def check(now: Painting, places: list[int]) -> bool:
        nonlocal counted, saved
        keeper.on_steps((now.step - counted) * len(batch))
        passed = range(counted + 1, now.step + 1)
        counted = now.step
        for place in places:
            lost[place] = f"turned NaN or left its bounds between steps {passed.start} and {passed.stop - 1}"
        if now.step in snapshots:
            images = now.images()
            living = now.alive.tolist()
            keeper.keep_snapshot(
                now.step, {picture: images[place] for place, picture in enumerate(batch) if living[place]}
            )
        if file is not None and time.monotonic() - saved >= keeper.save_seconds and not now.is_done:
            keeper.before_state()
            write_tensors(file, now.state())
            saved = time.monotonic()
        return keeper.look(now, batch)

    run(painting, CHECK_EVERY, check, snapshots)
    return _results(painting, batch, starts, lost)


def _results(painting: Painting, batch: list[int], starts: Tensor, lost: dict[int, str]) -> dict[int, Painted]:
    images, end = painting.images(), painting.measure().cpu()
    results = {}
    for place, picture in enumerate(batch):
        loss = {
            term.name: (float(painting.start[row, place]), float(end[row, place]))
            for row, term in enumerate(painting.terms)
        }
        reason = None if painting.alive[place] else lost.get(place, "turned NaN or left its bounds")
        results[picture] = Painted(images[place], starts[place], loss, reason)
    return results


def _state_file(state: Path, batch: Sequence[int]) -> Path:
    return state.with_name(f"{state.name}-{batch[0]:03d}-{batch[-1]:03d}.safetensors")
