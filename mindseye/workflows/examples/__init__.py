"""The photos that a channel answers to, from its minimum to its maximum."""
