"""Workflows: a room per use of the library, each from a session and a request to a run."""
