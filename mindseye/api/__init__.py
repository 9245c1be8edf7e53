"""What Python and the command line call: one function per command, all checks before any work."""
