"""Matches made at once, against each by itself as loops, and the loss that is made of them."""

import pytest
import torch
from torch import nn

from mindseye.facets.joint import along_directions, joint_addresses, joint_layers
from mindseye.facets.sort import rank_distance
from mindseye.facets.target import build_target
from mindseye.layers.layer import find_layer
from mindseye.layers.survey import survey
from mindseye.optimize.loss import Loss, Term
from mindseye.optimize.objectives import match
from mindseye.optimize.objectives.facet import ActivationNorm
from mindseye.optimize.objectives.match import Match, Matches
from mindseye.optimize.recipe.schedule import Schedule

WIDTHS = {"a": 3, "b": 5, "c": 1, "d": 4}
POSITIONS = {"a": 16, "b": 9, "c": 16, "d": 30}
SORTED = 16


def draw(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def matches():
    """Of layers of two numbers of positions, and of one that is so large that 16 of its positions are sorted."""
    made = []
    for seed, (layer, width) in enumerate(WIDTHS.items()):
        ranks = draw(seed, 2, width, POSITIONS[layer]).sort(-1).values
        smaller = draw(seed + 20, 2, width, 4).sort(-1).values
        made.append(Match(build_target(layer, ranks, 1, smaller=[smaller]), SORTED))
    return made


def maps(positions):
    made = {layer: draw(40 + seed, 2, width, positions[layer]) for seed, (layer, width) in enumerate(WIDTHS.items())}
    return {layer: activation.requires_grad_() for layer, activation in made.items()}


def by_definition(one, activation):
    """Image by image and channel by channel."""
    goal, _ = one.goal(activation.shape[-1])
    whole = one.target.nearest_ranks(activation.shape[-1])
    chosen = one.sample(activation)
    values = []
    for image in range(len(activation)):
        channels = [
            sum((value - rank) ** 2 for value, rank in zip(row.sort().values, ranks)) / len(row)
            for row, ranks in zip(chosen[image], goal[image])
        ]
        values.append(sum(channels) / len(channels) / whole[image].square().mean())
    return torch.stack(values)


def test_matches_at_once_are_each_by_itself(matches):
    """Values and gradients, of the first size, of a smaller one, and of the first again."""
    together = Matches(matches)
    small = dict.fromkeys(POSITIONS, 4)
    for positions in (POSITIONS, small, POSITIONS):
        ours, theirs = maps(positions), maps(positions)
        found = together(ours)
        expected = torch.stack([by_definition(one, theirs[one.target.layer]) for one in matches])
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(torch.stack([one(ours) for one in matches]), expected)
        share = draw(7, *found.shape)
        (found * share).sum().backward()
        (expected * share).sum().backward()
        for layer in ours:
            torch.testing.assert_close(ours[layer].grad, theirs[layer].grad)


def test_one_call_for_all_that_sort_as_many_values(matches, monkeypatch):
    """Every call costs a device more than the numbers in it."""
    seen = []

    def counted(values, ranks):
        seen.append(tuple(values.shape))
        return rank_distance(values, ranks)

    monkeypatch.setattr(match, "rank_distance", counted)
    Matches(matches)(maps(POSITIONS))
    assert seen == [(2, WIDTHS["a"] + WIDTHS["c"] + WIDTHS["d"], 16), (2, WIDTHS["b"], 9)]


def test_directions_are_seen_of_the_sample_alone(monkeypatch):
    """The same values as of the whole map's directions, of which the same positions are taken, at a fraction of the cost."""
    layer, width = find_layer(survey(nn.Sequential(nn.Conv2d(3, 5, 1)), 8), "0"), 5
    activation = draw(3, 2, width, 64)
    (address,) = joint_addresses(layer, ())
    along = joint_layers({layer.address: activation}, [layer], [address])[address]
    ranks = draw(4, 2, width, 64).sort(-1).values
    ours = Match(build_target(address, ranks, 1), SORTED)
    theirs = Match(build_target("plain", ranks, 1), SORTED)
    assert ours.layers == (layer.address,)
    torch.testing.assert_close(ours({layer.address: activation}), theirs({"plain": along}))
    widest = []
    monkeypatch.setattr(
        match, "along_directions", lambda sample: widest.append(sample.shape[-1]) or along_directions(sample)
    )
    ours({layer.address: activation})
    assert widest == [SORTED]


def test_no_image_counts_in_another(matches):
    """One that is lost leaves the other's numbers as they were."""
    given = {layer: activation.detach() for layer, activation in maps(POSITIONS).items()}
    sound = Matches(matches)(given)
    broken = {layer: activation.clone() for layer, activation in given.items()}
    broken["b"][0] = float("nan")
    found = Matches(matches)(broken)
    assert torch.equal(found[:, 1], sound[:, 1])
    assert found[1, 0].isnan()


def test_a_loss_keeps_the_order_of_its_terms(matches):
    """Matches are made at once wherever they stand among other terms; each has its own weight."""
    a, b, c, d = matches
    terms = [a, ActivationNorm("c"), d, c, ActivationNorm("a"), b]
    weights = [Schedule(1.0 + place, 3.0 + place) for place in range(len(terms))]
    loss = Loss([Term(term.name, term, weight) for term, weight in zip(terms, weights)], NoReader(), None, "float32")
    given = maps(POSITIONS)
    expected = torch.stack([weight.at(0.5) * term(given) for term, weight in zip(terms, weights)])
    torch.testing.assert_close(loss.values(given, 0.5), expected)


class NoReader:
    network = None
