"""Regularizers: what acts on the image or on its gradient."""
