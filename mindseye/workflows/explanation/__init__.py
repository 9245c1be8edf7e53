"""Where in a photo something is."""
