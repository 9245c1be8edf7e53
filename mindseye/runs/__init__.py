"""What is kept: the run folder, written and read."""
