"""Transforms: random changes that a picture must survive."""
