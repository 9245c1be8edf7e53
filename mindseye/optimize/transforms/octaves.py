"""Octaves: the canvas is seen small at first, then larger and larger."""

from dataclasses import dataclass

from mindseye.optimize.recipe.recipe import Recipe

ROUNDING = 1e-9
"""Of a step: where parts of the steps end is known that well."""


@dataclass(frozen=True)
class Octaves:
    """The sizes at which a canvas is seen, one after the other, after DeepDream (Mordvintsev et al., 2015).

    There the canvas itself is enlarged and painted anew at every size; here it keeps its size, so that a painting
    stopped in any octave continues as any other.

    number: of octaves. scale: how many times larger each is than the one before. steps: of the whole painting. decay: how
    many times fewer steps each has than the one before; 1: equal parts.
    """

    number: int = 1
    scale: float = 1.4
    steps: int = 1
    decay: float = 1.0

    @classmethod
    def of(cls, recipe: Recipe) -> "Octaves":
        """Those of a recipe."""
        return cls(recipe.octaves, recipe.octave_scale, recipe.steps, recipe.octave_decay)

    def sides(self, side: int) -> list[int]:
        """The sides in px at which a canvas of the given side is seen, smallest first; its own is the last."""
        return [max(1, round(side * self._share(octave))) for octave in range(self.number)]

    def side(self, step: int, side: int) -> int:
        """The side in px at which a canvas of the given side is seen at a step: its own in the last octave."""
        return max(1, round(side * self.share(step)))

    def share(self, step: int) -> float:
        """What share of the canvas' own side that is: 1 in the last octave."""
        return self._share(self._octave(step))

    def _share(self, octave: int) -> float:
        return self.scale ** (octave + 1 - self.number)

    def _octave(self, step: int) -> int:
        shares = [self.decay**-octave for octave in range(self.number)]
        ends = [self.steps * sum(shares[: octave + 1]) / sum(shares) for octave in range(self.number)]
        return next((octave for octave, end in enumerate(ends[:-1]) if step < end - ROUNDING), self.number - 1)
