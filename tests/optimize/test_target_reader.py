"""A session: the network that targets are read from, folded while it is used with a recipe."""

import torch
from nets import seeded
from torch import nn

from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.session import NetworkSession

SIDE, LAYER = 16, "2"


def network():
    return seeded(lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()))


def both(session, images):
    """What the readers of targets and of measures give, under one use of a session; and whether the first is folded."""
    with session.using(Recipe("plain")) as used, torch.no_grad():
        layers = [used.layer(LAYER)]
        with used.target_reader(layers) as lean, used.reader(layers) as plain:
            is_folded = not isinstance(lean.network[1], nn.BatchNorm2d)
            return lean(images)[LAYER], plain(images)[LAYER], is_folded, plain.network is used.model.network


def test_targets_are_read_from_the_folded_network_and_measures_from_the_given_one():
    """Both give the same, also after the user has trained the network further."""
    module = network()
    session, images = NetworkSession(module, size=SIDE, device="cpu"), torch.rand(2, 3, SIDE, SIDE)
    first = both(session, images)
    with torch.no_grad():
        module[0].weight += 0.5
        module[1].running_mean += 0.1
    second = both(session, images)
    for lean, plain, is_folded, is_given in (first, second):
        torch.testing.assert_close(lean, plain)
        assert is_folded
        assert is_given
    assert not torch.allclose(first[0], second[0])


def test_a_duplicate_reads_its_own_copy():
    """Two threads must not read one network: what one folds shares no module with the other's."""
    session, images = NetworkSession(network(), size=SIDE, device="cpu"), torch.rand(2, 3, SIDE, SIDE)
    with session.using(Recipe("plain")) as used, torch.no_grad():
        other = used.duplicate()
        layers = [used.layer(LAYER)]
        with used.target_reader(layers) as mine, other.target_reader(layers) as its:
            assert not set(mine.network.modules()) & set(its.network.modules())
            torch.testing.assert_close(mine(images), its(images))
