"""Meaningful perturbation: the smallest smooth mask that removes what the score sees, or keeps it."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from mindseye.attribution.explanation import Explanation, check_images, explanation
from mindseye.attribution.fills import fill_images
from mindseye.attribution.score import Score
from mindseye.errors import UserError
from mindseye.models.freeze import freeze
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.regularizers.functional import variation_norm

Game = Literal["deletion", "preservation"]
CELLS = 28
"""Cells of the mask per side, as in the source; it is smooth because it is coarse."""


@dataclass(frozen=True)
class MaskSettings:
    """The numbers of a perturbation.

    game: ``deletion`` looks for the smallest mask that removes the score, ``preservation`` for the smallest that keeps it.
    steps, learning_rate: of Adam. area: weight of the mask's mean (L1). variation: weight of its total variation, of
    power ``power``. jitter: largest shift of the photo at a step, in px. fill: what replaces the hidden part.
    """

    game: Game = "deletion"
    steps: int = 300
    learning_rate: float = 0.1
    area: float = 1.0
    variation: float = 10.0
    power: float = 3.0
    jitter: int = 4
    fill: str = "blur"

    def check(self) -> None:
        """Refuse numbers that make no sense.

        Raises:
            UserError: naming the first one.
        """
        if self.game not in get_args(Game):
            raise UserError(f"unknown game {self.game!r}; it is one of {', '.join(get_args(Game))}")
        if self.steps < 1 or self.jitter < 0:
            raise UserError(
                f"a perturbation needs 1 step or more and a jitter from 0, not {self.steps} and {self.jitter}"
            )
        if not (self.learning_rate > 0 and self.area >= 0 and self.variation >= 0 and self.power >= 1):
            raise UserError("a perturbation needs a learning rate above 0, weights from 0 and a power from 1")


def perturbation(
    score: Score, images: Tensor, random: RandomKeys, mask_settings: MaskSettings | None = None
) -> Explanation:
    """How much of a pixel must be hidden for the score to go, or shown for it to stay, in [0, 1]; not signed.

    Fong and Vedaldi, "Interpretable Explanations of Black Boxes by Meaningful Perturbation" (ICCV 2017), Eqs. 3 to 5. With
    h the share of each pixel that is hidden, the network sees ``(1 - h) x + h fill``, and ``s`` is its score on a scale on
    which the hidden photo has 0 and the photo 1, so that the weights mean the same for every score. Deletion minimises
    ``max(s, 0) + area mean(h) + variation TV(h)``, preservation ``-min(s, 1) + area mean(1 - h) + variation TV(h)``: as
    with the source's probabilities, nothing is won by going beyond. No image's mask depends on what shares its batch.

    Args:
        score: what is explained.
        images: [images, channels, height, width] in [0, 1].
        random: the random numbers of these images, for jitter and fill.
        mask_settings: the numbers of the game.

    Returns:
        A map that is not signed: h for deletion, 1 - h for preservation. Numbers: ``score``, ``hidden`` (of the photo that
        is hidden as a whole), ``masked`` (of the photo behind its mask), ``covered`` (the map's mean).

    Raises:
        UserError: if a number makes no sense.
    """
    mask_settings = mask_settings or MaskSettings()
    mask_settings.check()
    check_images(images, score.model.in_channels)
    deletes = mask_settings.game == "deletion"
    reference = fill_images(images, mask_settings.fill, random)
    with freeze(score.model.network), torch.enable_grad():
        with torch.no_grad():
            values, blanks = score(images), score(reference)
        scale = (values - blanks).abs().clamp_min(torch.finfo(torch.float32).tiny)
        cells = [min(CELLS, extent) for extent in images.shape[-2:]]
        mask_cells = torch.full((len(images), 1, *cells), 0.5, device=images.device).requires_grad_()
        adam = torch.optim.Adam([mask_cells], mask_settings.learning_rate)
        for step in range(mask_settings.steps):
            mask = _resize_mask(mask_cells, images)
            seen = _apply_mask(images, reference, mask, deletes)
            if mask_settings.jitter:
                seen = _shift_images(seen, step, random, mask_settings.jitter)
            share = (score(seen) - blanks) / scale
            # what the mask itself costs: its area and its total variation
            cost = mask_settings.area * mask_cells.flatten(1).mean(1) + mask_settings.variation * variation_norm(
                mask_cells, mask_settings.power
            )
            loss = (share.clamp(min=0) if deletes else -share.clamp(max=1)) + cost
            (mask_cells.grad,) = torch.autograd.grad(loss.sum(), mask_cells)
            adam.step()
            with torch.no_grad():
                mask_cells.clamp_(0, 1)
        with torch.no_grad():
            mask = _resize_mask(mask_cells, images)
            masked = score(_apply_mask(images, reference, mask, deletes))
    settings = {name: getattr(mask_settings, name) for name in MaskSettings.__dataclass_fields__}
    heat = mask[:, 0]
    return explanation(
        "perturbation", heat, False, settings, score=values, hidden=blanks, masked=masked, covered=heat.mean((1, 2))
    )


def _apply_mask(images: Tensor, reference: Tensor, mask: Tensor, deletes: bool) -> Tensor:
    hidden = mask if deletes else 1 - mask
    return torch.lerp(images, reference, hidden.expand_as(images))


def _resize_mask(mask: Tensor, images: Tensor) -> Tensor:
    size = (images.shape[-2], images.shape[-1])
    return functional.interpolate(mask, size=size, mode="bilinear", align_corners=False)


def _shift_images(images: Tensor, step: int, random: RandomKeys, jitter: int) -> Tensor:
    """Each image moved by up to ``jitter`` px in both directions; what leaves on one side enters on the other."""
    draws = (random.uniform(step, "jitter", 2) * (2 * jitter + 1)).long() - jitter
    moved = [image.roll(tuple(shift), (-2, -1)) for image, shift in zip(images, draws.tolist(), strict=True)]
    return torch.stack(moved)
