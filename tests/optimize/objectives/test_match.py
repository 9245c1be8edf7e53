"""Matches made at once, against each by itself as loops, and the loss that is made of them."""

import pytest
import torch

from mindseye.facets.target import build_target
from mindseye.optimize.loss import Loss, Term
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


def maps(positions, scale=1.0):
    made = {layer: draw(40 + seed, 2, width, positions[layer]) for seed, (layer, width) in enumerate(WIDTHS.items())}
    return {layer: (scale * activation).requires_grad_() for layer, activation in made.items()}


def by_definition(match, activation):
    """Image by image and channel by channel."""
    goal, _ = match.goal(activation.shape[-1])
    whole = match.target.nearest_ranks(activation.shape[-1])
    chosen = match.sample(activation)
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
        expected = torch.stack([by_definition(match, theirs[match.target.layer]) for match in matches])
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(torch.stack([match(ours) for match in matches]), expected)
        share = draw(7, *found.shape)
        (found * share).sum().backward()
        (expected * share).sum().backward()
        for layer in ours:
            torch.testing.assert_close(ours[layer].grad, theirs[layer].grad)


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
