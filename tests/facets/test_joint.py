"""What channels do together: directions and means over neighbours, against slow definitions."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from mindseye.facets.joint import DIRECTIONS, is_joint, joint_addresses, joint_layers
from mindseye.layers.layer import find_layer
from mindseye.layers.survey import survey


def layer_of(channels, side=8):
    return find_layer(survey(nn.Sequential(nn.Conv2d(3, channels, 1)), side), "0")


def joint(activation, layer):
    return joint_layers({layer.address: activation}, [layer], joint_addresses(layer))


@pytest.mark.parametrize("channels", [1, 5, 200])
def test_directions_are_orthonormal_and_always_the_same(channels):
    """What unit vectors of channel space become are the columns of the directions."""
    layer = layer_of(channels)
    units = {"0": torch.eye(channels)[None]}
    directions, again = (joint_layers(units, [layer], ["0/directions"])["0/directions"][0] for _ in range(2))
    count = min(channels, DIRECTIONS)
    assert directions.shape == (count, channels)
    assert torch.allclose(directions @ directions.T, torch.eye(count), atol=1e-5)
    assert torch.equal(directions, again)


def test_directions_tell_what_sorted_channels_do_not():
    """Two channels active at one place or at two: each channel's sorted values agree, those along directions do not."""
    layer = layer_of(2)
    together, apart = torch.zeros(2, 1, 2, 64)
    together[0, :, 0] = apart[0, 0, 0] = apart[0, 1, 1] = 1.0
    assert torch.equal(together.sort(-1).values, apart.sort(-1).values)
    seen = [joint(activation, layer)["0/directions"].sort(-1).values for activation in (together, apart)]
    assert not torch.allclose(*seen, atol=0.05)


@pytest.mark.parametrize("side", [2, 7, 8])
def test_neighbours_against_loops(side):
    """Each is the mean of a square of four; a last row or column without a neighbour is left out."""
    activation = torch.rand(2, 3, side * side)
    seen = joint(activation, layer_of(3, 8))["0/neighbours"]
    maps, half = activation.view(2, 3, side, side), side // 2
    for row in range(half):
        for column in range(half):
            square = maps[:, :, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            assert torch.allclose(seen[:, :, row * half + column], square.sum((-1, -2)) / 4)
    assert seen.shape == (2, 3, half * half)


def test_a_single_position_is_its_own_neighbour():
    """A photo may be seen so small that nothing lies beside anything."""
    activation = torch.rand(2, 3, 1)
    assert torch.equal(joint(activation, layer_of(3))["0/neighbours"], activation)


def test_layers_without_a_square_grid_have_no_neighbours():
    layer = layer_of(3)
    for grid in ((), (10,), (4, 8)):
        assert joint_addresses(replace(layer, grid=grid)) == ["0/directions"]
    assert joint_addresses(replace(layer, grid=(16,))) == ["0/directions", "0/neighbours"]
    assert all(map(is_joint, joint_addresses(layer)))
    assert not is_joint(layer.address)


def test_only_what_is_wanted_is_made():
    layer, activation = layer_of(3), torch.rand(1, 3, 64)
    assert joint_layers({"0": activation}, [layer], []) == {}
    assert list(joint_layers({"0": activation}, [layer], ["0/neighbours", "1/neighbours"])) == ["0/neighbours"]


def test_a_gradient_comes_through_both():
    layer = layer_of(3)
    activation = torch.rand(1, 3, 64, dtype=torch.float64, requires_grad=True)
    for made in joint(activation, layer).values():
        assert torch.autograd.grad(made.square().sum(), activation)[0].abs().sum() > 0
