"""The pass over the photos: means by image whatever the order, ranks by facet, and activations that are no numbers."""

import pytest
import torch
from nets import TinyConv, seeded

from mindseye.errors import UserError
from mindseye.facets.activations import facet_ranks, mean_activations, weighted_images
from mindseye.facets.target import weighted_ranks
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.preprocessing import Preprocessing

PLAIN = Preprocessing((0.4, 0.5, 0.6), (0.2, 0.2, 0.3), 32, 32)
CPU = torch.device("cpu")


def photos(n):
    return torch.randint(0, 256, (n, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def reader(network, *addresses):
    layers = survey(network, 32)
    return Reader(network, [find_layer(layers, address) for address in addresses])


def test_means_are_in_the_images_order():
    """Batches may come in any order and size: row n is image n's mean over positions."""
    network, all_photos = seeded(TinyConv), photos(5)
    batches = [([3, 4], all_photos[3:]), ([0, 1, 2], all_photos[:3])]
    with reader(network, "body.1") as read:
        means = mean_activations(read, PLAIN, batches, CPU)["body.1"]
    x = (all_photos.float() / 255 - torch.tensor(PLAIN.mean)[:, None, None]) / torch.tensor(PLAIN.std)[:, None, None]
    expected = network.body[1](network.body[0](network.stem(x).relu())).mean((-1, -2))
    torch.testing.assert_close(means, expected, rtol=1e-4, atol=1e-6)


def test_ranks_of_facets():
    """Each facet's ranks are those of its own members, RGB among the layers."""
    network = seeded(TinyConv)
    members, weights = [photos(3), photos(5)[3:]], [torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.9, 0.1])]
    with reader(network, "stem") as read:
        ranks = facet_ranks(read, PLAIN, members, weights, CPU)
    assert ranks["stem"].shape == (2, 8, 256)
    expected = weighted_ranks(members[1].float().flatten(2) / 255, weights[1])
    torch.testing.assert_close(ranks["rgb"][1], expected)


def test_weighted_image_by_definition():
    """The weighted mean of the members' pixels."""
    members, weights = photos(2), torch.tensor([0.25, 0.75])
    expected = (members[0].float() * 0.25 + members[1].float() * 0.75) / 255
    torch.testing.assert_close(weighted_images([members], [weights])[0], expected)


def test_nan_activations_are_named():
    """A network that gives NaN is told by layer and number of images."""
    network = seeded(TinyConv)
    network.stem.bias[0] = float("nan")
    with reader(network, "stem") as read, pytest.raises(UserError, match=r"'stem'.*2 of 2"):
        mean_activations(read, PLAIN, [([0, 1], photos(2))], CPU)
