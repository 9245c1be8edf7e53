"""Constraints on the image itself: what is done to the gradient before a step, and to the picture after it.

The mask, the blur, split-Bregman denoising and brightness are the paper's (Stergiou, ICIP 2021).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from mindseye.optimize.canvases.canvas import Canvas
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.recipe.schedule import Schedule
from mindseye.optimize.regularizers.denoise import denoise_tv
from mindseye.optimize.regularizers.functional import (
    bilateral_blur,
    blend,
    brighten,
    centre_mask,
    gaussian_blur,
    normalise,
)
from mindseye.optimize.regularizers.regularizer import Regularizer, apply_regularizers, make_regularizers


@dataclass(frozen=True)
class Constraints:
    """What a recipe does to the gradient before a step and to the image after it."""

    gradient_blur: Schedule
    normalise_gradient: bool
    mask: Schedule
    blur: Schedule
    blur_every: int
    bilateral: Schedule
    bilateral_range: float
    bilateral_every: int
    denoise: Schedule
    denoise_every: int
    brightness: float
    brightness_every: int
    own: tuple[Regularizer, ...] = ()
    """Those of the user's own, which come behind the others and before the mask."""

    @classmethod
    def of(cls, recipe: Recipe) -> "Constraints":
        """The constraints that a recipe asks for."""
        return cls(
            recipe.schedule("gradient_blur"),
            recipe.normalise_gradient,
            recipe.schedule("mask"),
            recipe.schedule("blur"),
            recipe.blur_every,
            recipe.schedule("bilateral"),
            recipe.bilateral_range,
            recipe.bilateral_every,
            recipe.schedule("denoise"),
            recipe.denoise_every,
            recipe.brightness,
            recipe.brightness_every,
            make_regularizers(recipe.regularizers),
        )

    def mask_at(self, side: int, progress: float, device: torch.device) -> Tensor | None:
        """The weight of each pixel, [1, 1, side, side], or None where all weigh one."""
        if self.mask.is_zero:
            return None
        return centre_mask(side, self.mask.at(progress), device)

    def gradient(self, gradient: Tensor, step: int, progress: float, share: float = 1.0) -> Tensor:
        """The gradient [pictures, planes, side, side] that a step is made with: blurred, scaled, changed, masked.

        It is scaled after the blur, which would make it small, and before the mask, which says where it counts. share: of the
        canvas' side that the gradient has.
        """
        if not self.gradient_blur.is_zero:
            gradient = gaussian_blur(gradient, share * self.gradient_blur.at(progress))
        if self.normalise_gradient:
            gradient = normalise(gradient)
        gradient = apply_regularizers(
            self.own, gradient, lambda part, before: part.change_gradient(before, step, progress)
        )
        mask = self.mask_at(gradient.shape[-1], progress, gradient.device)
        return gradient if mask is None else gradient * mask

    @torch.no_grad()
    def apply(self, canvas: Canvas, step: int, progress: float) -> None:
        """Smooth and brighten the pictures where this step asks for it; the mask keeps the rim as it is."""
        blurs = not self.blur.is_zero and (step + 1) % self.blur_every == 0
        bilaterals = not self.bilateral.is_zero and (step + 1) % self.bilateral_every == 0
        denoises = not self.denoise.is_zero and (step + 1) % self.denoise_every == 0
        brightens = self.brightness > 0 and (step + 1) % self.brightness_every == 0
        own = [part for part in self.own if part.changes_images() and (step + 1) % part.every == 0]
        if not (blurs or bilaterals or denoises or brightens or own):
            return
        planes = canvas.planes().detach()
        changed = planes
        if blurs:
            changed = gaussian_blur(changed, self.blur.at(progress))
        if bilaterals:
            changed = bilateral_blur(changed, self.bilateral.at(progress), self.bilateral_range)
        if denoises:
            changed = denoise_tv(changed, self.denoise.at(progress))
        if brightens:
            changed = brighten(changed, self.brightness)
        changed = apply_regularizers(own, changed, lambda part, before: part.change_images(before, step, progress))
        mask = self.mask_at(planes.shape[-1], progress, planes.device)
        canvas.replace(changed if mask is None else blend(planes, changed, mask))
