"""Which executor works on a batch."""

from mindseye.batches.executor import Executor, Here
from mindseye.batches.processes import Processes


def choose_executor(workers: int) -> Executor:
    """One worker works in this process, several in processes of their own."""
    return Here() if workers == 1 else Processes(workers)
