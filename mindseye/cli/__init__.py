"""The command line: one module per command, each with its words and what it does."""

from mindseye.cli.main import main
from mindseye.runtime import keep_memory, share_cores

__all__ = ["keep_memory", "main", "share_cores"]
