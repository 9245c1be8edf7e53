"""The command line: one module per command, each with its words and what it does."""

from mindseye.cli.main import main, run
from mindseye.runtime import keep_memory, share_cores

__all__ = ["keep_memory", "main", "run", "share_cores"]
