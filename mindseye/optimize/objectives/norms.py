"""Norms of the picture itself, as objectives that a loss holds down."""

from torch import Tensor

from mindseye.optimize.objectives.objective import ALPHA, CANVAS, Activations, Objective
from mindseye.optimize.regularizers.functional import power_norm, variation_norm


class PowerNorm(Objective):
    """How far the whole picture is from mid grey, ``mean |2 (x - 0.5)|^power`` (Mahendran and Vedaldi, CVPR 2015)."""

    def __init__(self, power: float) -> None:
        """power: at least 1; 1 is L1."""
        self.name, self.layers, self._power = f"L{power:g} of the picture", (CANVAS,), power

    def __call__(self, activations: Activations) -> Tensor:
        return power_norm(activations[CANVAS], self._power)


class VariationNorm(Objective):
    """Total variation of the whole picture to a power, ``mean (dx^2 + dy^2)^(power / 2)`` (as above)."""

    def __init__(self, power: float) -> None:
        """power: at least 1."""
        self.name, self.layers, self._power = f"total variation^{power:g}", (CANVAS,), power

    def __call__(self, activations: Activations) -> Tensor:
        return variation_norm(activations[CANVAS], self._power)


class AlphaArea(Objective):
    """The mean opacity of a picture on a canvas with alpha: 0 where nothing is to be seen, 1 where nothing shines through."""

    def __init__(self) -> None:
        self.name, self.layers = "area of alpha", (ALPHA,)

    def __call__(self, activations: Activations) -> Tensor:
        return activations[ALPHA].flatten(1).mean(1)
