"""What photos lend to a canvas."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mindseye.optimize.canvases.colour import Colours


@dataclass(frozen=True)
class Palette:
    """What the photos lend to a canvas: their colours, and for a canvas that wants it (MACO) the magnitude of their spectrum.

    One for all pictures, or, from ``join``, one for each: colours and magnitude then have the picture as first axis.
    """

    colours: Colours
    magnitude: Tensor | None = None

    @classmethod
    def join(cls, palettes: Sequence["Palette"]) -> "Palette":
        """The palettes of several pictures, each of which was for all, as one."""
        matrix = torch.stack([palette.colours.matrix for palette in palettes])
        mean = torch.stack([palette.colours.mean for palette in palettes])
        magnitudes = [palette.magnitude for palette in palettes if palette.magnitude is not None]
        return cls(Colours(matrix, mean), torch.stack(magnitudes) if magnitudes else None)

    def select(self, pictures: Sequence[int]) -> "Palette":
        """The palette of some of the pictures."""
        if self.colours.matrix.ndim == 2:
            return self
        chosen, magnitude = list(pictures), self.magnitude
        colours = Colours(self.colours.matrix[chosen], self.colours.mean[chosen])
        return Palette(colours, None if magnitude is None else magnitude[chosen])
