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


SIDES = (2, 4, 8)


def joint(activation, layer):
    return joint_layers({layer.address: activation}, [layer], joint_addresses(layer, SIDES))


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


@pytest.mark.parametrize("square", SIDES)
@pytest.mark.parametrize("side", [2, 3, 7, 8, 14])
def test_neighbours_against_loops(side, square):
    """Each is the mean of a square, half a square from the next; what is left at the end is left out."""
    activation = torch.rand(2, 3, side * side)
    seen = joint(activation, layer_of(3, 16))[f"0/neighbours/{square}"]
    maps, square = activation.view(2, 3, side, side), min(square, side)
    starts = range(0, side - square + 1, max(2, square // 2))
    slow = [
        maps[:, :, row : row + square, column : column + square].sum((-1, -2)) / square**2
        for row in starts
        for column in starts
    ]
    assert torch.allclose(seen, torch.stack(slow, -1))


def test_a_single_position_is_its_own_neighbour():
    """A photo may be seen so small that nothing lies beside anything."""
    activation = torch.rand(2, 3, 1)
    for side in SIDES:
        assert torch.equal(joint(activation, layer_of(3, 16))[f"0/neighbours/{side}"], activation)


def test_layers_without_a_square_grid_have_no_neighbours():
    layer = layer_of(3)
    for grid in ((), (10,), (4, 8)):
        assert joint_addresses(replace(layer, grid=grid), SIDES) == ["0/directions"]
    assert joint_addresses(replace(layer, grid=(256,)), SIDES) == joint_addresses(layer_of(3, 16), SIDES)
    assert joint_addresses(layer, ()) == ["0/directions"]


@pytest.mark.parametrize(
    ("side", "fitting"), [(2, [2]), (3, [2]), (7, [2]), (8, [2, 4]), (15, [2, 4]), (16, [2, 4, 8])]
)
def test_squares_of_more_than_half_a_map_are_left_out(side, fitting):
    """The smallest are always there: a layer of 2 x 2 positions has these alone."""
    addresses = joint_addresses(layer_of(3, side), SIDES)
    assert addresses == ["0/directions", *(f"0/neighbours/{square}" for square in fitting)]
    assert all(map(is_joint, addresses))


@pytest.mark.parametrize("address", ["0", "0/neighbours", "0/neighbours/", "0/neighbours/a"])
def test_other_addresses_are_not_made(address):
    assert not is_joint(address)


def test_only_what_is_wanted_is_made():
    layer, activation = layer_of(3), torch.rand(1, 3, 64)
    assert joint_layers({"0": activation}, [layer], []) == {}
    others = ["1/neighbours/2", "00/neighbours/4", "0/neighbours", "rgb"]
    assert list(joint_layers({"0": activation}, [layer], ["0/neighbours/4", *others])) == ["0/neighbours/4"]


def test_a_gradient_comes_through_all():
    layer = layer_of(3)
    activation = torch.rand(1, 3, 64, dtype=torch.float64, requires_grad=True)
    for made in joint(activation, layer).values():
        assert torch.autograd.grad(made.square().sum(), activation)[0].abs().sum() > 0
