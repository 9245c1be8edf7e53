"""Perturbation: the loss written anew, and masks that find what alone matters."""

import pytest
import torch
from explained import DICE, SIDE, images, plain, scored
from nets import seeded
from torch import nn

from mindseye.attribution.fills import fill_images
from mindseye.attribution.perturbation import MaskSettings, perturbation
from mindseye.errors import UserError

BOX = (slice(3, 9), slice(6, 12))


class InABox(nn.Module):
    """Sees the colours of one box and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([1.0, 2.0]))

    def forward(self, pixels):
        return self.scale * pixels[:, :, *BOX].mean((1, 2, 3))[:, None]


@pytest.mark.parametrize("game", ["deletion", "preservation"])
def test_the_mask_finds_the_box(game):
    """What is outside it is left alone; the score is gone, or kept."""
    score = scored(seeded(InABox), [1])
    masking = MaskSettings(game, steps=80, jitter=0, area=0.2, variation=0.1, fill="0")
    found = perturbation(score, images(), DICE, masking)
    outside = torch.ones(SIDE, SIDE, dtype=torch.bool)
    outside[2:10, 5:13] = False
    assert found.map[:, *BOX].mean() > 0.9
    assert found.map[:, outside].mean() < 0.02
    for index in range(2):
        photo, hidden, masked = (found.numbers[name][index] for name in ("score", "hidden", "masked"))
        share = (masked - hidden) / (photo - hidden)
        assert share < 0.1 if game == "deletion" else share > 0.9
        assert found.numbers["covered"][index] == pytest.approx(float(found.map[index].mean()))


@pytest.mark.parametrize("game", ["deletion", "preservation"])
def test_the_first_step_by_definition(game):
    """Adam's first step moves each cell by the learning rate against the sign of the loss's gradient."""
    score, pixels = scored(plain(), [4, 0]), images()
    reference = fill_images(pixels, "blur", DICE)
    mask = torch.full((2, 1, SIDE, SIDE), 0.5, requires_grad=True)
    seen = pixels + mask * (reference - pixels) if game == "deletion" else reference + mask * (pixels - reference)
    standing = (score(seen) - score(reference)) / (score(pixels) - score(reference)).abs()
    assert (standing.abs() < 1).all()
    loss = (standing if game == "deletion" else -standing) + 0.2 * mask.mean((1, 2, 3))
    (slopes,) = torch.autograd.grad(loss.sum(), mask)
    masking = MaskSettings(game, steps=1, learning_rate=0.01, jitter=0, area=0.2)
    found = perturbation(score, pixels, DICE, masking).map
    clear = slopes[:, 0].abs() > 1e-5
    kept = standing > 0 if game == "deletion" else standing > -2
    expected = 0.5 - 0.01 * slopes[:, 0].sign()
    for index in kept.nonzero().flatten():
        torch.testing.assert_close(found[index][clear[index]], expected[index][clear[index]], atol=1e-4, rtol=0)
    assert kept.any()


def test_masks_depend_on_seed_and_image_alone():
    """The same again, alone or beside another photo; jitter is the image's own."""
    score, masking = scored(plain()), MaskSettings(steps=5, jitter=2)
    both = perturbation(score, images(), DICE, masking)
    assert torch.equal(perturbation(score, images(), DICE, masking).map, both.map)
    alone = perturbation(score, images()[1:], DICE.select([1]), masking)
    torch.testing.assert_close(alone.map, both.map[1:], atol=1e-4, rtol=0)
    other = perturbation(score, images(), type(DICE)(DICE.seed + 1, DICE.keys), masking)
    assert not torch.equal(other.map, both.map)
    assert 0 <= both.map.min() <= both.map.max() <= 1


def test_smoothness_costs():
    """The more a change weighs, the less there is."""
    score = scored(seeded(InABox), [1])
    masks = [
        perturbation(score, images(), DICE, MaskSettings(steps=40, jitter=0, variation=weight, fill="0")).map
        for weight in (0.0, 100.0)
    ]
    assert masks[1].diff(dim=1).abs().max() < 0.5 * masks[0].diff(dim=1).abs().max()


@pytest.mark.parametrize(
    ("masking", "why"),
    [
        (MaskSettings("both"), "deletion, preservation"),
        (MaskSettings(steps=0), "1 step"),
        (MaskSettings(learning_rate=0), "learning rate"),
        (MaskSettings(area=-1), "weights from 0"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(masking, why):
    with pytest.raises(UserError, match=why):
        perturbation(scored(plain()), images(), DICE, masking)
