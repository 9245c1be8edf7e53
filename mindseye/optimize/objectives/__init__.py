"""Objectives: what is raised, one number per image."""
