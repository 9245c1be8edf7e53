"""Extremes of channels against loops over photos, channels and positions."""

import pytest
import torch
from nets import TinyConv, TinyTokens, seeded

from mindseye.errors import UserError
from mindseye.facets.extremes import StrongestPositions, channel_extremes
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.preprocessing import identity

CPU = torch.device("cpu")


def photos_of(count, channels=3, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, channels, 32, 32), generator=draw, dtype=torch.uint8)


def extremes_of(network, address, photos, channels, batches=None):
    layer = find_layer(survey(network, 32, photos.shape[1]), address)
    batches = batches or [(list(range(len(photos))), photos)]
    with Reader(network, [layer]) as read:
        return channel_extremes(read, identity(photos.shape[1], 32), batches, channels, CPU)


def activations_of(network, address, photos):
    layer = find_layer(survey(network, 32, photos.shape[1]), address)
    with torch.no_grad(), Reader(network, [layer]) as read:
        return layer, read(photos.float() / 255)[layer.address]


def test_the_strongest_positions_of_all_photos_are_those_of_a_loop():
    """In batches of uneven size, photo by photo and position by position; the first of equal photos."""
    network, photos = seeded(TinyConv), photos_of(7)
    photos[5] = photos[2]
    strongest = StrongestPositions()
    for first, last in ((0, 3), (3, 4), (4, 7)):
        _, activations = activations_of(network, "body.1", photos[first:last])
        strongest.look(list(range(first, last)), {"body.1": activations})
    _, activations = activations_of(network, "body.1", photos)
    for channel, (photo, position) in enumerate(strongest.places("body.1").tolist()):
        values = [activations[number, channel].max().item() for number in range(7)]
        assert values[photo] == pytest.approx(max(values))
        assert photo != 5
        assert activations[photo, channel, position] == activations[photo, channel].max()


@pytest.mark.parametrize(
    ("network", "address", "channels"),
    [
        (seeded(TinyConv), "body.1", 3),
        (seeded(TinyConv), "relu", 3),
        (seeded(TinyConv, 1), "body.2", 1),
        (seeded(TinyConv, 7), "body.0.conv2", 7),
        (seeded(TinyTokens), "blocks.3", 3),
        (seeded(TinyConv), "fc", 3),
    ],
    ids=["signed", "rectified", "grey", "seven", "tokens", "vector"],
)
def test_against_loops(network, address, channels):
    """Values and places of every photo, photo by photo and position by position."""
    photos = photos_of(5, channels)
    layer, activations = activations_of(network, address, photos)
    rows, columns = layer.rows_and_columns or (1, layer.positions)
    for channel, got in zip((3, 0), extremes_of(network, address, photos, [3, 0])):
        for photo in range(5):
            values = activations[photo, channel].tolist()
            mean = activations[photo, channel].mean().item()
            for score, at, wanted in (
                (got.lowest, got.lowest_at, min(values)),
                (got.highest, got.highest_at, max(values)),
                (got.mean, got.mean_at, mean),
            ):
                assert score[photo].item() == pytest.approx(wanted, abs=1e-6)
                off = [abs(value - wanted) for value in values]
                nearest = [place for place, one in enumerate(off) if one <= min(off) + 1e-6]
                far = {
                    place: (place // columns - (rows - 1) / 2) ** 2 + (place % columns - (columns - 1) / 2) ** 2
                    for place in nearest
                }
                assert int(at[photo]) in nearest
                assert far[int(at[photo])] == min(far.values())


def test_zeros_behind_a_relu_give_the_middle():
    """Where many positions share the least value, a corner would be shown for no reason."""
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.ReLU()).eval()
    with torch.no_grad():
        network[0].weight.zero_()
        network[0].bias.copy_(torch.tensor([-1.0, -1.0]))
    (got,) = extremes_of(network, "1", photos_of(2), [1])
    assert got.lowest_at.tolist() == got.highest_at.tolist() == [15 * 32 + 15] * 2


def test_order_and_size_of_batches_change_nothing():
    """Photos are told apart by their indices."""
    network, photos = seeded(TinyConv), photos_of(6)
    (whole,) = extremes_of(network, "body.1", photos, [5])
    (parts,) = extremes_of(
        network, "body.1", photos, [5], [([4, 5, 1], photos[[4, 5, 1]]), ([0, 3, 2], photos[[0, 3, 2]])]
    )
    for name in ("lowest", "highest", "mean"):
        assert torch.allclose(getattr(whole, name), getattr(parts, name), atol=1e-6)
    assert torch.equal(whole.highest_at, parts.highest_at)


def test_nan_is_refused_with_the_layer():
    """As everywhere, an activation that is no number is named."""
    network = seeded(TinyConv)
    with torch.no_grad():
        network.body[1].bias[2] = torch.nan
    with pytest.raises(UserError, match=r"body\.1.*NaN.*3 of 3"):
        extremes_of(network, "body.1", photos_of(3), [2])
