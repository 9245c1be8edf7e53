"""Which channels of a layer are entangled, and the pictures that show it."""
