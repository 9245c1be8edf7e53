"""Where the workers of a batch run, and which executor that asks for."""

from dataclasses import dataclass
from typing import Any, Self, TypedDict

from mindseye.arguments import check_count, check_words
from mindseye.errors import UserError
from mindseye.user_code import make_object
from mindseye.workflows.batch.executor import Executor, InProcess
from mindseye.workflows.batch.processes import ProcessExecutor


class PlacementOptions(TypedDict, total=False):
    """The keyword arguments of ``batch`` that a placement is made of, in its order."""

    workers: int | None
    ray: str | None
    cpus: float | None
    gpus: float | None


@dataclass(frozen=True)
class Placement:
    """Where the workers of a batch run.

    workers: how many; None for one, or on a cluster for as many as it has room for. ray: the address of a cluster of Ray's, or
    ``auto``; None for this machine. cpus, gpus: what each worker takes of a node of the cluster; None for as many processors as
    it has threads, and for one GPU where there are any.
    """

    workers: int | None = None
    ray: str | None = None
    cpus: float | None = None
    gpus: float | None = None

    @classmethod
    def of(cls, options: PlacementOptions) -> Self:
        """The placement that options ask for.

        Raises:
            UserError: for what makes no sense, naming it.
        """
        placement = cls(options.get("workers"), options.get("ray"), options.get("cpus"), options.get("gpus"))
        check_count("workers", placement.workers, least=1, optional=True)
        check_words("ray", placement.ray)
        for name, value in (("cpus", placement.cpus), ("gpus", placement.gpus)):
            if value is not None and placement.ray is None:
                raise UserError(f"{name} is what a worker takes of a cluster's node: it goes with ray")
            if value is not None and not (isinstance(value, int | float) and 0 <= value < float("inf")):
                raise UserError(f"{name} is a number of zero or more, not {value!r}")
        return placement

    @property
    def is_here(self) -> bool:
        """Whether this very process does the work."""
        return self.ray is None and (self.workers or 1) == 1

    def threads(self, here: int) -> int:
        """Threads of each worker on a processor. here: those of this process."""
        return max(1, int(self.cpus) if self.cpus else here // (self.workers or 1))


def choose_executor(placement: Placement, threads: int) -> Executor:
    """One worker works in this process, several in processes of their own, or on a cluster. threads: of each."""
    if placement.is_here:
        return InProcess()
    if placement.ray is None:
        return ProcessExecutor(placement.workers or 1)
    from mindseye.workflows.batch.ray import Ray  # Ray is an extra, and takes its time

    return Ray(placement.ray, placement.workers, threads if placement.cpus is None else placement.cpus, placement.gpus)


def load_executor(executor: Any) -> Executor | None:
    """An executor of the user's own: the value, its class, or what ``FILE.py:NAME`` names; None for none.

    Raises:
        UserError: if it names nothing, or what it makes is no executor.
    """
    return None if executor is None else make_object(executor, Executor, "executor", spawns=True)  # type: ignore[type-abstract]
