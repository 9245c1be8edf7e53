"""Which channels of a layer are entangled."""
