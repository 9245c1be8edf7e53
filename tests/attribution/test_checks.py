"""The checks of maps: curves against pixels changed one by one, correlations against scipy's, and what forgetting does."""

import pytest
import torch
from explained import DICE, SIDE, images, plain, scored, surveyed
from scipy import stats

from mindseye.attribution.curves import deletion, insertion
from mindseye.attribution.explanation import Explanation
from mindseye.attribution.fills import fill_images
from mindseye.attribution.gradients import saliency
from mindseye.attribution.sanity import randomise_cascade, rank_correlation, shuffle, weighted_modules
from mindseye.attribution.score import class_probability
from mindseye.errors import UserError
from mindseye.optimize.random import RandomKeys

MAPS = torch.rand(2, SIDE, SIDE, generator=torch.Generator().manual_seed(8))


def slow(score, start, end, maps, steps):
    values = []
    for step in range(steps + 1):
        seen = start.clone()
        for image, found in enumerate(maps):
            highest = found.flatten().argsort(descending=True)[: round(SIDE * SIDE * step / steps)]
            for place in highest.tolist():
                seen[image, :, place // SIDE, place % SIDE] = end[image, :, place // SIDE, place % SIDE]
        values.append(score(seen))
    return torch.stack(values, 1)


@pytest.mark.parametrize("steps", [1, 5])
def test_curves_by_definition(steps):
    score, pixels = scored(plain(), [4, 0]), images()
    grey, blurred = fill_images(pixels, "mean", DICE), fill_images(pixels, "blur", DICE)
    found = deletion(score, pixels, MAPS, DICE, steps)
    torch.testing.assert_close(found.values, slow(score, pixels, grey, MAPS, steps))
    found = insertion(score, pixels, MAPS, DICE, steps)
    torch.testing.assert_close(found.values, slow(score, blurred, pixels, MAPS, steps))
    widths = found.shares.diff()
    heights = (found.values[:, 1:] + found.values[:, :-1]) / 2
    torch.testing.assert_close(found.area, (widths * heights).sum(1))


def test_the_source_s_value_is_a_probability():
    """Its curve starts at the photo's and ends at the fill's."""
    score, pixels = scored(plain()), images()
    found = deletion(score, pixels, MAPS, DICE, 3, value=class_probability)
    torch.testing.assert_close(found.values[:, 0], class_probability(score, pixels))
    torch.testing.assert_close(found.values[:, -1], class_probability(score, fill_images(pixels, "mean", DICE)))


def test_the_better_map_has_the_better_areas():
    """Of a linear network, the pixels that bring most, against the reverse and against chance."""
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * SIDE * SIDE, 5, bias=False)).eval()
    score, pixels = scored(network), images()
    brought = (network[1].weight[2].detach().view(3, SIDE, SIDE) * pixels).sum(1)
    gone = [float(deletion(score, pixels, maps, DICE, fill="0").area.mean()) for maps in (brought, MAPS, -brought)]
    come = [float(insertion(score, pixels, maps, DICE, fill="0").area.mean()) for maps in (brought, MAPS, -brought)]
    assert gone == sorted(gone)
    assert come == sorted(come, reverse=True)


def test_ties_go_in_a_random_order():
    """A map without contrast says nothing: its order is the random's, not from the top left."""
    score, flat = scored(plain()), torch.zeros(2, SIDE, SIDE)
    first, again = (deletion(score, images(), flat, DICE, 4).values for _ in range(2))
    other = deletion(score, images(), flat, RandomKeys(9, DICE.keys), 4).values
    assert torch.equal(first, again)
    assert not torch.allclose(first[:, 1:-1], other[:, 1:-1])


def test_curves_refuse_what_does_not_fit():
    with pytest.raises(UserError, match="do not fit"):
        deletion(scored(plain()), images(), MAPS[:1], DICE)
    with pytest.raises(UserError, match="at least 1 step"):
        insertion(scored(plain()), images(), MAPS, DICE, 0)


def test_rank_correlation_is_scipy_s():
    """Ties included; NaN for a map without contrast."""
    first, second = MAPS.flatten(1), (8 * MAPS.flip(1).flatten(1)).round()
    expected = [stats.spearmanr(one, two).statistic for one, two in zip(first, second)]
    assert rank_correlation(first, second).tolist() == pytest.approx(expected)
    assert rank_correlation(first, torch.zeros_like(first)).isnan().all()


def test_forgetting_follows_the_network():
    """Saliency changes as the modules do, from the last to the first; the network itself stays as it is."""
    score = scored(plain())
    before = [parameter.clone() for parameter in score.model.network.parameters()]
    found = randomise_cascade(score, surveyed(score), lambda other: saliency(other, images()), seed=1, steps=4)
    assert found.modules == ("8", "6", "3", "0")
    assert found.signed.shape == found.absolute.shape == (2, 4)
    assert found.absolute[:, 1:].max() < 0.7
    for one, two in zip(before, score.model.network.parameters()):
        assert torch.equal(one, two)


def test_a_map_of_the_photo_alone_is_found_out():
    """An edge detector does not notice what the network has forgotten."""
    score, edges = scored(plain()), images().mean(1) - 0.5
    found = randomise_cascade(
        score, surveyed(score), lambda other: Explanation("edges", edges, True, {}, {}), seed=1, steps=2
    )
    torch.testing.assert_close(found.signed, torch.ones(2, 2, dtype=torch.float64))
    torch.testing.assert_close(found.absolute, torch.ones(2, 2, dtype=torch.float64))


def test_shuffled_weights_are_the_same_numbers():
    """In an order of the seed's; modules come from the output to the input."""
    network = plain()
    before = network[3].weight.flatten().clone()
    shuffle(network[3], RandomKeys(1, ("3",)))
    assert not torch.equal(network[3].weight.flatten(), before)
    torch.testing.assert_close(network[3].weight.flatten().sort().values, before.sort().values)
    assert weighted_modules(network, surveyed(scored(network))) == ["8", "6", "3", "0"]


def test_a_sanity_check_refuses_what_cannot_be():
    score = scored(plain())
    with pytest.raises(UserError, match="at least 1 step"):
        randomise_cascade(score, surveyed(score), lambda other: saliency(other, images()), 1, 0)
    score = scored(torch.nn.Sequential(torch.nn.Flatten()))
    with pytest.raises(UserError, match="no weights"):
        randomise_cascade(score, surveyed(score), lambda other: saliency(other, images()), 1)
