"""Decoding many photos in worker processes, in order, a little ahead of whoever uses them."""

import os
import signal
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mindseye.errors import UserError
from mindseye.photos.decode import View, decode_with_remark
from mindseye.photos.depth import Bytes, UndecodableError
from mindseye.photos.tar import Member

FEW = 32
MOST_WORKERS = 8
AHEAD = 16


def decode_all(
    sources: Sequence[Any], view: View, workers: int | None = None
) -> Generator[tuple[Tensor, str] | str, None, None]:
    """Each source (path or array) as uint8 [in_channels, side, side] with the remark of ``decode_with_remark``, in order.

    Of one that cannot be read, the reason instead.

    workers: number of processes; None for as many as there are cores, none for few photos or for arrays. Each decodes
    up to ``AHEAD`` photos before they are asked for. They end with the generator, however that ends.

    Raises:
        UserError: if a worker dies.
    """
    task = _Task(sources, view)
    count = _default_workers(sources) if workers is None else workers
    for decoded in _in_processes(task, count) if count else (task[index] for index in range(len(task))):
        yield decoded if isinstance(decoded, str) else (torch.from_numpy(decoded[0]), decoded[1])


class _Task(Dataset[tuple[Bytes, str] | str]):
    """What a worker does with the n-th source.

    Arrays rather than tensors go back through the pipe: tensors would take shared memory, which containers keep short.
    """

    def __init__(self, sources: Sequence[Any], view: View) -> None:
        self.sources = sources
        self.view = view

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, index: int) -> tuple[Bytes, str] | str:
        try:
            pixels, remark = decode_with_remark(self.sources[index], self.view)
        except UndecodableError as reason:
            return str(reason)
        return pixels.numpy(), remark


def _in_processes(task: _Task, workers: int) -> Iterator[tuple[Bytes, str] | str]:
    loader = DataLoader(
        task,
        batch_size=None,
        num_workers=min(workers, len(task)),
        prefetch_factor=AHEAD,
        worker_init_fn=_depend_on_parent,
        collate_fn=_as_it_is,
        generator=torch.Generator(),  # its own, so that the global random state does not depend on the workers
    )
    iterator = iter(loader)
    try:
        for _ in range(len(task)):
            try:
                decoded: tuple[Bytes, str] | str = next(iterator)
            except RuntimeError as error:
                raise UserError(f"a process that decodes photos died, likely for lack of memory ({error})") from error
            yield decoded
    finally:
        # Garbage collection would do it too, but not while a traceback still refers to the iterator.
        iterator._shutdown_workers()  # type: ignore[attr-defined]


def _as_it_is(decoded: Any) -> Any:
    return decoded


def _depend_on_parent(worker: int) -> None:
    # Ctrl-C reaches every process of the terminal: the parent alone decides, and ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """A killed parent leaves the pipe full and without a reader: torch's own watchdog would wait for it for ever."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _default_workers(sources: Sequence[Any]) -> int:
    if len(sources) < FEW or not all(isinstance(source, str | Member) for source in sources):
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_WORKERS)
