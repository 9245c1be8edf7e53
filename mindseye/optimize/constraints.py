"""The paper's constraints on the image itself: blur, split-Bregman denoising, a mask on the gradient, brightness."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mindseye.optimize.canvas import Canvas
from mindseye.optimize.denoise import denoise_tv
from mindseye.optimize.recipe import Recipe
from mindseye.optimize.regularizers import blend, brighten, centre_mask, gaussian_blur
from mindseye.optimize.schedules import Schedule


@dataclass(frozen=True)
class Constraints:
    """What a recipe does to the gradient before a step and to the image after it."""

    mask: Schedule
    blur: Schedule
    blur_every: int
    denoise: Schedule
    denoise_every: int
    brightness: float
    brightness_every: int

    @classmethod
    def of(cls, recipe: Recipe) -> "Constraints":
        """The constraints that a recipe asks for."""
        return cls(
            recipe.schedule("mask"),
            recipe.schedule("blur"),
            recipe.blur_every,
            recipe.schedule("denoise"),
            recipe.denoise_every,
            recipe.brightness,
            recipe.brightness_every,
        )

    def gradient_mask(self, side: int, progress: float, device: torch.device) -> Tensor | None:
        """The weight of each pixel's gradient, [1, 1, side, side], or None where all weigh one."""
        if self.mask.is_zero:
            return None
        return centre_mask(side, self.mask.at(progress), device)

    @torch.no_grad()
    def apply(self, canvas: Canvas, step: int, progress: float) -> None:
        """Smooth and brighten the pictures where this step asks for it; the mask keeps the rim as it is."""
        blurs = not self.blur.is_zero and (step + 1) % self.blur_every == 0
        denoises = not self.denoise.is_zero and (step + 1) % self.denoise_every == 0
        brightens = self.brightness > 0 and (step + 1) % self.brightness_every == 0
        if not (blurs or denoises or brightens):
            return
        images = canvas.render().detach()
        changed = images
        if blurs:
            changed = gaussian_blur(changed, self.blur.at(progress))
        if denoises:
            changed = denoise_tv(changed, self.denoise.at(progress))
        if brightens:
            changed = brighten(changed, self.brightness)
        mask = self.gradient_mask(images.shape[-1], progress, images.device)
        canvas.replace(changed if mask is None else blend(images, changed, mask))
