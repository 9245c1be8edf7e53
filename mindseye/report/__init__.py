"""What a run shows: figures drawn from its folder, and its first screen in a notebook."""
