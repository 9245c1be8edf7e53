"""A network that does not see what is in photos is told from one that does."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from mindseye.facets.activations import normalise_photos
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.measure.sight import blindness_note, order_correlation, shuffle_pixels
from mindseye.preprocessing import Preprocessing

CPU = torch.device("cpu")


def _lines() -> nn.Sequential:
    """Channels for bright lines across and down, beside two that are the same whatever there is to see."""
    convolution = nn.Conv2d(3, 4, 9)
    kernels = torch.zeros(4, 3, 9, 9)
    kernels[0, :, 4, :] = kernels[1, :, :, 4] = 1 / 27
    convolution.weight.data = kernels
    convolution.bias.data = torch.tensor([0.0, 0.4, 0.3, 1.5])
    return nn.Sequential(convolution, nn.ReLU()).eval()


def _stripes() -> torch.Tensor:
    rows = (torch.arange(32) // 4 % 2 * 255).to(torch.uint8)
    return rows.view(1, 1, 32, 1).expand(4, 3, 32, 32).contiguous()


def test_shuffling_keeps_every_pixel_whole():
    images = torch.rand(2, 3, 5, 7)
    shuffled = shuffle_pixels(images)
    assert not torch.equal(images, shuffled)
    for image, other in zip(images, shuffled, strict=True):
        pixels, moved = (sorted(map(tuple, part.flatten(1).T.tolist())) for part in (image, other))
        assert pixels == moved


def test_order_correlation_is_that_of_the_channels_means():
    photos, shuffled = torch.rand(5, 20), torch.rand(5, 20)
    expected = np.corrcoef(photos.mean(0).numpy(), shuffled.mean(0).numpy())[0, 1]
    assert np.isclose(order_correlation(photos, shuffled), expected, atol=1e-6)


def test_a_blind_network_is_noted_and_a_seeing_one_is_not():
    """Where the deviation is far too large, the biases alone are left of every activation; too few px are named as well."""
    network = _lines()
    layers = [find_layer(survey(network, 32), "1")]
    seeing = Preprocessing(mean=(0.5,) * 3, std=(0.1,) * 3, size=32, resize=32)
    blind = Preprocessing(mean=(0.5,) * 3, std=(1e4,) * 3, size=32, resize=32)
    with Reader(network, layers) as read:
        notes = [
            blindness_note(read, how, "1", _stripes(), read(normalise_photos(_stripes(), how, CPU))["1"].mean(-1), CPU)
            for how in (seeing, blind, replace(blind, size=64))
        ]
    assert notes[0] is None
    note = notes[1]
    assert note is not None
    assert "px" not in note
    assert "): 32 px are too few for it (its own: 64), the network is untrained" in notes[2]
    assert "preprocessing" in note
    assert note.endswith("or it goes by colour alone")
    assert "\n" not in note
