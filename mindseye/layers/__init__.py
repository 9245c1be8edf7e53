"""Layers: which ones fire, where they are addressed, and how their activations are read."""
