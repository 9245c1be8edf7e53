"""The network of a worker: on its device, with its share of the threads, and copies for the threads beside."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.optimize.recipe.checks import check_for_facets
from mindseye.optimize.session import NetworkSession
from mindseye.report.progress import Progress
from mindseye.workflows.request import Request, SessionOptions


def check_packs(model: str | nn.Module, run: Request, is_here: bool, whole: str) -> None:
    """Refuse what cannot be painted in packs, by several workers.

    is_here: whether this very process does the work. whole: what is painted, as people call it.

    Raises:
        UserError: for a module that others would have to load; for a recipe that paints no facets, or pictures that share a part.
    """
    if isinstance(model, nn.Module) and not is_here:
        raise UserError("other processes load the model themselves: give it by its name, such as file.py:factory")
    check_for_facets(run.recipe)
    if run.recipe.shared:
        raise UserError(f"{whole} paints pictures that do not depend on each other: leave 'shared' out of the recipe")


class NetworkRequest:
    """What requests have in common whose workers load a network by its name.

    model: its name; a module only where this process does the work. run: how pictures are painted.
    """

    model: str | nn.Module
    run: Request

    @contextmanager
    def sessions(self, number: int, threads: int) -> Iterator[list[NetworkSession]]:
        """The network of a worker three times: for the thread that paints, that which prepares and that which finishes.

        Two threads must not run one network, as each reads it through hooks of its own. number: the worker's. threads: on a CPU.
        """
        before = torch.get_num_threads()
        if self.uses_cpu:
            torch.set_num_threads(threads)
        try:
            with self.session(number) as session:
                yield [session, session.duplicate(), session.duplicate()]
        finally:
            torch.set_num_threads(before)

    @contextmanager
    def session(self, number: int = 0) -> Iterator[NetworkSession]:
        """The network on its device: of several GPUs, each worker takes its own. A module that was given stays where it is."""
        opening = self.run.opening
        if (
            opening.get("device", "auto") in ("auto", "cuda")
            and isinstance(self.model, str)
            and torch.cuda.is_available()
        ):
            opening = SessionOptions(**opening | {"device": f"cuda:{number % torch.cuda.device_count()}"})
        with replace(self.run, opening=opening, progress=Progress(quiet=True)).session(self.model) as session:
            yield session

    @property
    def uses_cpu(self) -> bool:
        """Whether pictures are painted on the processor."""
        device = self.run.opening.get("device", "auto")
        return device == "cpu" or (device == "auto" and not torch.cuda.is_available())
