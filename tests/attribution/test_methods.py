"""What all methods have in common: any number of channels, any surrounding, a map of the image's size."""

import pytest
import torch
from explained import DICE, hooks, images, scored, surveyed
from nets import TinyConv, seeded

from mindseye.attribution.backpropagation import backpropagation
from mindseye.attribution.cam import cam, grad_cam, pooled_head
from mindseye.attribution.explanation import explanation
from mindseye.attribution.gradients import integrated_gradients, saliency
from mindseye.attribution.occlusion import occlusion
from mindseye.attribution.perturbation import MaskSettings, perturbation
from mindseye.attribution.relevance import lrp
from mindseye.errors import UserError
from mindseye.layers.stages import last_before_pooling

METHODS = {
    "occlusion": lambda score, pixels: occlusion(score, pixels, DICE, (8, 8), (8, 8)),
    "perturbation": lambda score, pixels: perturbation(score, pixels, DICE, MaskSettings(steps=2)),
    "saliency": saliency,
    "integrated-gradients": lambda score, pixels: integrated_gradients(score, pixels, DICE, steps=4),
    "backprop": lambda score, pixels: backpropagation(score, pixels, "backprop"),
    "deconvnet": lambda score, pixels: backpropagation(score, pixels, "deconvnet"),
    "guided-backprop": lambda score, pixels: backpropagation(score, pixels, "guided-backprop"),
    "lrp": lrp,
    "cam": lambda score, pixels: cam(score, pixels, pooled_head(score, pixels[:1], surveyed(score))),
    "grad-cam": lambda score, pixels: grad_cam(
        score, pixels, last_before_pooling(score.model.network, surveyed(score))
    ),
}


@pytest.mark.parametrize("channels", [1, 7])
@pytest.mark.parametrize("method", METHODS)
def test_any_number_of_channels(method, channels):
    """Also where the caller has switched gradients off; images and network stay as they are, and no hook stays behind."""
    network = seeded(TinyConv, channels)
    network.preprocessing = {"mean": [0.5] * channels, "std": [0.25] * channels, "size": 16}
    score, pixels = scored(network, [4, 0]), images(channels=channels)
    before, weights = pixels.clone(), [parameter.clone() for parameter in network.parameters()]
    found = METHODS[method](score, pixels)
    with torch.no_grad():
        again = METHODS[method](score, pixels)
        values = score(pixels)
    assert found.method == method
    assert found.map.shape == (2, 16, 16)
    assert found.map.abs().max() > 0
    assert found.signed or found.map.min() >= 0
    torch.testing.assert_close(again.map, found.map)
    torch.testing.assert_close(torch.tensor(found.numbers["score"]), values)
    assert all(len(values) == 2 for values in found.numbers.values())
    assert torch.equal(pixels, before)
    assert not pixels.requires_grad
    assert all(torch.equal(one, two) for one, two in zip(weights, network.parameters()))
    assert all(parameter.grad is None for parameter in network.parameters())
    assert hooks(network) == 0


@pytest.mark.parametrize("method", [method for method in METHODS if method != "perturbation"])
def test_each_image_is_explained_alone(method):
    """What shares its batch does not matter; for perturbation, whose random numbers come by key, see its own test."""
    score, pixels = scored(seeded(TinyConv), [4, 0]), images()
    both, alone = METHODS[method](score, pixels), METHODS[method](score.select([0]), pixels[:1])
    torch.testing.assert_close(alone.map, both.map[:1], rtol=1e-3, atol=1e-5)


def test_a_map_that_is_no_number_is_refused():
    with pytest.raises(UserError, match="image 1 is NaN or infinite"):
        explanation("lrp", torch.tensor([[[0.0]], [[torch.inf]]]), True, {})
