"""Canvases: what is optimised, and how it is rendered."""
