"""Recipes: all numbers of a run, as data."""
