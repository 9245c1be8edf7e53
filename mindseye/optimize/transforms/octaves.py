"""Octaves: the canvas is seen small at first, then larger and larger."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Octaves:
    """The sizes at which a canvas is seen, in equal parts of the steps, after DeepDream (Mordvintsev et al., 2015).

    There the canvas itself is enlarged and painted anew at every size; here it keeps its size, so that a painting
    stopped in any octave continues as any other.

    number: of octaves. scale: how many times larger each is than the one before. steps: of the whole painting.
    """

    number: int = 1
    scale: float = 1.4
    steps: int = 1

    def side(self, step: int, side: int) -> int:
        """The side in px at which a canvas of the given side is seen at a step: its own in the last octave."""
        octave = min(step * self.number // self.steps, self.number - 1)
        return max(1, round(side / self.scale ** (self.number - 1 - octave)))
