"""What other networks make of a finished run."""
