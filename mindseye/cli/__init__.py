"""The command line: one module per command, each with its words and what it does."""

from mindseye.cli.main import keep_memory, main

__all__ = ["keep_memory", "main"]
