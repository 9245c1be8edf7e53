"""Which executor works on a batch."""

from dataclasses import dataclass

from mindseye.errors import UserError
from mindseye.workflows.batch.executor import Executor, Here
from mindseye.workflows.batch.processes import Processes


@dataclass(frozen=True)
class Staff:
    """Who is to work on a batch.

    workers: how many; None for one, or on a cluster for as many as it has room for. ray: the address of a cluster of Ray's, or
    ``auto``; None for this machine. cpus, gpus: what each worker takes of a node of the cluster; None for as many processors as
    it has threads, and for one GPU where there are any.
    """

    workers: int | None = None
    ray: str | None = None
    cpus: float | None = None
    gpus: float | None = None

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            UserError: naming it.
        """
        if self.workers is not None and not (isinstance(self.workers, int) and self.workers >= 1):
            raise UserError(f"workers is a whole number of 1 or more, not {self.workers!r}")
        for name, value in (("cpus", self.cpus), ("gpus", self.gpus)):
            if value is not None and self.ray is None:
                raise UserError(f"{name} is what a worker takes of a cluster's node: it goes with ray")
            if value is not None and not 0 <= value < float("inf"):
                raise UserError(f"{name} is a number of zero or more, not {value!r}")

    @property
    def is_here(self) -> bool:
        """Whether this very process does the work."""
        return self.ray is None and (self.workers or 1) == 1

    def threads(self, here: int) -> int:
        """Threads of each worker on a processor. here: those of this process."""
        return max(1, int(self.cpus) if self.cpus else here // (self.workers or 1))


def choose_executor(staff: Staff, threads: int) -> Executor:
    """One worker works in this process, several in processes of their own, or on a cluster. threads: of each."""
    if staff.is_here:
        return Here()
    if staff.ray is None:
        return Processes(staff.workers or 1)
    from mindseye.workflows.batch.ray import Ray  # Ray is an extra, and takes its time

    return Ray(staff.ray, staff.workers, threads if staff.cpus is None else staff.cpus, staff.gpus)
