"""The image as layers: its values, the bands of a Laplacian pyramid, and how much of them lies where."""

import pytest
import torch
from torch.nn import functional

from mindseye.facets.image import COLOUR, DETAIL, ENERGY, RGB, SQUARE, halve, image_layers, is_of_image


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_the_values_come_as_they_are(channels):
    images = torch.rand(2, channels, 8, 8)
    assert torch.equal(image_layers(images)[RGB], images.view(2, channels, 64))
    assert set(image_layers(images)) == {RGB, COLOUR}
    assert set(image_layers(images, DETAIL)) == {RGB, COLOUR, *DETAIL}
    assert set(image_layers(images, ["blocks.1", DETAIL[2], ENERGY[0]])) == {RGB, COLOUR, DETAIL[2], ENERGY[0]}


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_colour_is_what_channels_differ_by(channels):
    images = torch.rand(2, channels, 4, 4)
    colour = image_layers(images)[COLOUR].view(2, channels, 4, 4)
    for channel in range(channels):
        assert torch.equal(colour[:, channel], images[:, channel] - images[:, (channel + 1) % channels])


def test_detail_against_loops():
    """Every band is an image less its halved self, pixel by pixel; a pixel of the half is the mean of four."""
    images = torch.rand(1, 1, 16, 16, dtype=torch.float64)
    layers = image_layers(images, DETAIL)
    for address in DETAIL[:2]:
        side = images.shape[-1]
        halves = torch.zeros(side // 2, side // 2, dtype=torch.float64)
        for row in range(side // 2):
            for column in range(side // 2):
                four = images[0, 0, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
                halves[row, column] = four.sum() / 4
        assert torch.allclose(layers[address][0, 0].view(side, side), images[0, 0] - _doubled(halves, side), atol=1e-12)
        images = halves[None, None]


def _doubled(halves, side):
    """Bilinear, pixel centres at (i + 1/2) / 2 - 1/2 of the half, cut off at its rim."""
    out = torch.zeros(side, side, dtype=halves.dtype)
    last = len(halves) - 1
    for row in range(side):
        for column in range(side):
            y, x = (min(max((place + 0.5) / 2 - 0.5, 0), last) for place in (row, column))
            top, left = int(y), int(x)
            below, right = min(top + 1, last), min(left + 1, last)
            down, across = y - top, x - left
            out[row, column] = (1 - down) * ((1 - across) * halves[top, left] + across * halves[top, right])
            out[row, column] += down * ((1 - across) * halves[below, left] + across * halves[below, right])
    return out


@pytest.mark.parametrize(("height", "width"), [(2, 2), (8, 12), (9, 8), (8, 9), (57, 57), (64, 32)])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 3, 1), (1, 0, 2, 3), (2, 3, 1, 0)])
@pytest.mark.parametrize("count", [1, 2])
def test_halves_are_those_of_pooling_to_the_last_bit(height, width, order, count):
    """In every order in memory, and in the same order, which sums over them depend on."""
    shape = (count, 3, height, width)
    images = torch.randn([shape[axis] for axis in order]).permute([order.index(axis) for axis in range(4)])
    leaves = [images.clone().requires_grad_() for _ in range(2)]
    halves, pooled = halve(leaves[0]), functional.avg_pool2d(leaves[1], 2)
    assert torch.equal(halves, pooled)
    assert halves.stride() == pooled.stride()
    gradient = torch.randn(pooled.shape)
    halves.backward(gradient)
    pooled.backward(gradient)
    assert torch.equal(leaves[0].grad, leaves[1].grad)


def test_halves_have_the_gradient_that_differences_say():
    images = torch.randn(1, 2, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(halve, images)


def test_bands_and_what_is_left_give_the_image_back():
    """Nothing is lost between the bands."""
    images = torch.rand(2, 3, 32, 32, dtype=torch.float64)
    layers, whole, sides = image_layers(images, DETAIL), images, []
    for _ in DETAIL:
        sides.append(whole.shape[-1])
        whole = functional.avg_pool2d(whole, 2)
    for address, side in zip(reversed(DETAIL), reversed(sides)):
        larger = functional.interpolate(whole, size=(side, side), mode="bilinear", align_corners=False)
        whole = larger + layers[address].view(2, 3, side, side)
    assert torch.allclose(whole, images, atol=1e-12)


def test_a_flat_image_has_no_detail_and_a_tiny_one_no_error():
    for side in (1, 2, 3, 16):
        layers = image_layers(torch.full((1, 3, side, side), 0.3), [*DETAIL, *ENERGY])
        assert all(layers[address].abs().max() < 1e-6 for address in (*DETAIL, *ENERGY))


def test_energy_against_loops():
    """The mean size of the detail over squares that start half a square apart, row by row."""
    images = torch.rand(2, 3, 64, 80, dtype=torch.float64)
    layers = image_layers(images, [*DETAIL, *ENERGY])
    for level, address in enumerate(ENERGY):
        rows, columns = 64 >> level, 80 >> level
        size = layers[DETAIL[level]].view(2, 3, rows, columns).abs()
        energy = [
            size[:, :, top : top + SQUARE, left : left + SQUARE].sum((-1, -2)) / SQUARE**2
            for top in range(0, rows - SQUARE + 1, SQUARE // 2)
            for left in range(0, columns - SQUARE + 1, SQUARE // 2)
        ]
        assert torch.allclose(layers[address], torch.stack(energy, -1), atol=1e-12)


def test_energy_tells_detail_in_one_place_from_the_same_detail_all_over():
    """The same values of the finest band, sorted: only where they lie differs."""
    spread = torch.full((32, 32), 0.5)
    spread[::4, ::4] = 1.0
    gathered = torch.full((32, 32), 0.5)
    gathered[16:, 16:][::2, ::2] = 1.0
    layers = image_layers(torch.stack([spread, gathered])[:, None], [DETAIL[0], ENERGY[0]])
    energy = layers[ENERGY[0]][:, 0]
    assert energy[1].max() > 2 * energy[0].max()
    assert energy[1].min() < energy[0].min() / 10
    totals = layers[DETAIL[0]].abs().sum(-1)
    assert torch.allclose(totals[0], totals[1], rtol=0.15)


def test_addresses_of_the_image():
    assert is_of_image(RGB)
    assert is_of_image(COLOUR)
    assert is_of_image(DETAIL[0])
    assert is_of_image(ENERGY[0])
    assert not is_of_image("blocks.1")
    assert not is_of_image("detail")
