"""Painting that can be interrupted: batches of pictures with snapshots and their state in the run folder."""

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
OnSnapshot = Callable[[int, dict[int, Tensor]], None]


def paint(
    build: Build,
    pictures: Sequence[int],
    batch_size: int,
    state: Path,
    snapshots: int,
    on_snapshot: OnSnapshot,
    on_steps: Callable[[int], None],
    on_done: Callable[[dict[int, Painted]], None],
    on_state: Callable[[], None] = lambda: None,
) -> None:
    """Paint pictures batch by batch; ``on_done`` gets each batch as soon as it is finished.

    build: makes the painting of some pictures at its very start. state: the stem of the state files; a batch that was
    interrupted goes on from there. snapshots: how many are taken on the way, the last of them at the end.
    on_snapshot: (step, {picture: image}). on_steps: counts finished steps of pictures. on_state: called before the state of
    a painting is written, from which it would go on: snapshots up to there are not taken again.
    When the device runs out of memory, the batch is halved (its random numbers stay the same).
    """
    waiting = [list(pictures[first : first + batch_size]) for first in range(0, len(pictures), batch_size)]
    while waiting:
        batch = waiting.pop(0)
        try:
            done = _paint_batch(build, batch, state, snapshots, on_snapshot, on_steps, on_state)
        except torch.cuda.OutOfMemoryError:
            if len(batch) == 1:
                raise
            torch.cuda.empty_cache()
            waiting[:0] = [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
            continue
        on_done(done)
        _state_file(state, batch).unlink(missing_ok=True)


def _paint_batch(
    build: Build,
    batch: list[int],
    state: Path,
    count: int,
    on_snapshot: OnSnapshot,
    on_steps: Callable[[int], None],
    on_state: Callable[[], None],
) -> dict[int, Painted]:
    painting = build(batch)
    starts = painting.images()
    file = _state_file(state, batch)
    if file.is_file():
        painting.load(read_tensors(file))
        on_steps(painting.step * len(batch))
    counted, saved = painting.step, time.monotonic()
    lost: dict[int, str] = {}
    snapshots = {round(part * painting.recipe.steps / count) for part in range(1, count + 1)}

    def check(now: Painting, places: list[int]) -> None:
        nonlocal counted, saved
        on_steps((now.step - counted) * len(batch))
        passed = range(counted + 1, now.step + 1)
        counted = now.step
        for place in places:
            lost[place] = f"turned NaN or left its bounds between steps {passed.start} and {passed.stop - 1}"
        if now.step in snapshots:
            images = now.images()
            living = now.alive.tolist()
            on_snapshot(now.step, {picture: images[place] for place, picture in enumerate(batch) if living[place]})
        if time.monotonic() - saved >= SAVE_SECONDS and not now.is_done:
            on_state()
            write_tensors(file, now.state())
            saved = time.monotonic()

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
