"""Patches of other photos: the search against all pairs, windows against receptive fields by hand, pasting pixel by pixel."""

import math

import pytest
import torch
from nets import TinyConv, seeded
from torch import nn
from torch.nn import functional

from mindseye.errors import UserError
from mindseye.facets import patches
from mindseye.facets.patches import Nearest, Windows, nearest_positions, paste, windows
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.receptive_field import receptive_field
from mindseye.layers.survey import survey
from mindseye.preprocessing import identity

SIDE = 16
CPU = torch.device("cpu")


def photos(count, channels=3, side=SIDE):
    draw = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, channels, side, side), dtype=torch.uint8, generator=draw)


def search(network, addresses, wanted, others, size=3):
    layers = survey(network, SIDE, wanted.shape[1])
    batches = [
        (list(range(at, min(at + size, len(others)))), others[at : at + size]) for at in range(0, len(others), size)
    ]
    with Reader(network, [find_layer(layers, address) for address in addresses]) as read:
        return nearest_positions(read, identity(wanted.shape[1], SIDE), wanted, batches, CPU)


def positions_of(network, photo):
    """The vectors of a photo at ``body.2``, [positions, channels]."""
    with torch.no_grad():
        return network.body(network.relu(network.stem(photo[None].float() / 255)))[0].flatten(1).T


@pytest.mark.parametrize("cells", [1, 2**20])
def test_nearest_of_all_pairs(monkeypatch, cells):
    """Cosine, photo and position are those of the best of all pairs; two photos wanted, in any number of parts."""
    monkeypatch.setattr(patches, "CELLS", cells)
    network, everything = seeded(TinyConv), photos(7)
    wanted, others = everything[:2], everything[2:]
    found = search(network, ["body.2"], wanted, others)["body.2"]
    for photo, nearest in zip(wanted, found):
        for place, goal in enumerate(positions_of(network, photo)):
            pairs = torch.stack(
                [
                    torch.stack(
                        [functional.cosine_similarity(goal, one, dim=0) for one in positions_of(network, other)]
                    )
                    for other in others
                ]
            )
            best = divmod(int(pairs.argmax()), pairs.shape[1])
            assert nearest.cosine[place] == pytest.approx(float(pairs.max()), abs=1e-5)
            assert (int(nearest.photo[place]), int(nearest.position[place])) == best


def test_several_layers_in_one_pass():
    """Each layer has positions of its own."""
    found = search(seeded(TinyConv), ["body.0", "body.2"], photos(1), photos(4)[1:])
    assert {address: len(one.photo) for address, (one,) in found.items()} == {"body.0": 64, "body.2": 16}


def test_the_photo_itself_is_left_out():
    """By content, wherever it lies and whatever it is called; without another photo nothing is found."""
    network, everything = seeded(TinyConv), photos(5)
    (nearest,) = search(network, ["body.2"], everything[2:3], everything)["body.2"]
    assert 2 not in nearest.photos
    assert (nearest.cosine < 0.9999).all()
    (alone,) = search(network, ["body.2"], everything[:1], everything[:1])["body.2"]
    assert alone.photos == [-1]


def test_of_equals_the_first_counts():
    """The same photo twice in the folder: its first place."""
    one, other = photos(2)
    (nearest,) = search(seeded(TinyConv), ["body.2"], one[None], torch.stack([other, other]), 1)["body.2"]
    assert nearest.photos == [0]


def test_activations_that_are_no_numbers_are_named():
    """NaN would never be the best, and say nothing."""
    network = seeded(TinyConv)
    with torch.no_grad():
        network.stem.bias[0] = torch.nan
    with pytest.raises(UserError, match=r"'body.2' gives NaN"):
        search(network, ["body.2"], photos(1), photos(2))


def standing_for(network, address, side=SIDE, channels=3):
    layer = find_layer(survey(network, side, channels), address)
    return windows(receptive_field(network, layer, side, channels), side)


def test_a_small_receptive_field_is_the_window():
    """3 px, stride 2, padding 1: position i sees 2i - 1 to 2i + 1, also where the image's edge cuts that off."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1))
    assert standing_for(network, "0") == Windows(*[tuple(range(-1, 15, 2))] * 2, 3, 3)


def test_a_large_one_gives_three_strides_around_its_middle():
    """9 px, stride 2, padding 4 before and 3 behind: the middle of position i is pixel 2i, so 6 px from 2i - 2.5 on."""
    network = nn.Sequential(nn.ZeroPad2d((4, 3, 4, 3)), nn.Conv2d(3, 4, 9, stride=2))
    found = standing_for(network, "1")
    assert (found.height, found.width) == (6, 6)
    # The middle of pixel 2i is at 2i + 0.5; 3 px to each side begin at a half, which may be rounded either way.
    assert all(abs(top - (2 * row - 2.5)) == 0.5 for row, top in enumerate(found.tops))
    assert found.tops == found.lefts


def test_a_position_that_sees_everything_stands_in_its_cell():
    """Squeeze-and-excitation and the like: three strides around the middle of the grid's cell."""

    class Mean(nn.Module):
        def forward(self, features):
            return features + features.mean((2, 3), keepdim=True)

    network = nn.Sequential(nn.Conv2d(3, 4, 4, stride=4), Mean())
    assert standing_for(network, "1") == Windows(*[(-4, 0, 4, 8)] * 2, 12, 12)


def test_rows_and_columns_of_their_own():
    """A network that is finer across than down."""
    network = nn.Sequential(nn.Conv2d(3, 4, (4, 2), stride=(4, 2)))
    assert standing_for(network, "0") == Windows((0, 4, 8, 12), tuple(range(0, 16, 2)), 4, 2)


def test_a_vector_stands_for_the_whole_image():
    """One position: the patch is the photo."""
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    assert standing_for(network, "2") == Windows((0,), (0,), SIDE, SIDE)


def slowly(found, where, pictures):
    """Each pixel by itself: the weighted mean of what every window that covers it brings there."""
    side, channels = pictures.shape[-1], pictures.shape[1]
    hann = [
        [0.5 - 0.5 * math.cos(2 * math.pi * (step + 1) / (extent + 1)) for step in range(extent)]
        for extent in (where.height, where.width)
    ]
    result = torch.full((channels, side, side), 0.5)
    for y in range(side):
        for x in range(side):
            total, share = torch.zeros(channels), 0.0
            for place in range(len(found.photo)):
                top, left = where.corner(place)
                row, column = y - top, x - left
                if not (0 <= row < where.height and 0 <= column < where.width):
                    continue
                other_top, other_left = where.corner(int(found.position[place]))
                source_y, source_x = other_top + row, other_left + column
                inside = 0 <= source_y < side and 0 <= source_x < side
                weight = hann[0][row] * hann[1][column] * (1 if inside else 1e-4)
                kept = [min(max(at, 0), side - 1) for at in (source_y, source_x)]
                total += weight * pictures[int(found.photo[place])][:, kept[0], kept[1]]
                share += weight
            if share:
                result[:, y, x] = total / share
    return result


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_pasting_pixel_by_pixel(channels):
    """Against the formula, with windows that reach beyond the image and some that leave a gap."""
    pictures = photos(3, channels, 10).float() / 255
    draw = torch.Generator().manual_seed(1)
    found = Nearest(*(torch.randint(0, most, (6,), generator=draw) for most in (2, 3, 6)))
    for where in (Windows((-2, 4), (-1, 3, 7), 7, 5), Windows((1, 6), (1, 4, 7), 2, 2)):
        pasted = paste(found, where, lambda photo: pictures[photo])
        assert torch.allclose(pasted, slowly(found, where, pictures), atol=1e-5)
    assert (pasted[:, 0] == 0.5).all()


def test_patches_in_their_own_places_are_the_photo():
    """Whatever the windows, a photo cut up and put together again is itself."""
    picture = photos(1)[0].float() / 255
    found = Nearest(torch.ones(16), torch.zeros(16, dtype=torch.long), torch.arange(16))
    assert torch.allclose(
        paste(found, Windows(*[(-4, 0, 4, 8)] * 2, 12, 12), lambda photo: picture), picture, atol=1e-6
    )


def test_moved_keeps_every_patch():
    """Another order of the same patches."""
    found = Nearest(torch.rand(5), torch.arange(5), torch.arange(5) * 2)
    moved = found.moved(torch.tensor([4, 2, 0, 1, 3]))
    assert moved.photo.tolist() == [4, 2, 0, 1, 3]
    assert moved.position.tolist() == [8, 4, 0, 2, 6]
