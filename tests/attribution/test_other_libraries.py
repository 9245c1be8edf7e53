"""LRP and deletion curves beside zennit's and Quantus', where these are installed: they are no part of the project.

zennit 0.5.1 and Quantus 0.6.0 are under the LGPL; ``pip install zennit quantus`` lets these tests run. What differs, and why,
is in docs/sources.md.
"""

import warnings

import numpy as np
import pytest
import torch
from explained import DICE, images, plain, scored
from nets import seeded
from torch import nn

from mindseye.attribution.curves import deletion
from mindseye.attribution.relevance import lrp

POSITIVE_CLASS = 3
"""A class whose score is above zero for both images: below zero zennit's z-plus shares out another sign."""


class OnePlane(nn.Sequential):
    """A network for grey images."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 5))


@pytest.mark.parametrize("rule", ["epsilon", "zplus", "composite", "gamma"])
def test_lrp_is_zennits(rule):
    """The same map by every rule, with an epsilon so small that its form does not matter."""
    rules = pytest.importorskip("zennit.rules")
    composites, attribution = pytest.importorskip("zennit.composites"), pytest.importorskip("zennit.attribution")
    types = pytest.importorskip("zennit.types")
    network, pixels = plain(), images()
    score = scored(network, (POSITIVE_CLASS,))
    dense, convolution = {
        "epsilon": (rules.Epsilon(1e-9), rules.Epsilon(1e-9)),
        "zplus": (rules.ZPlus(), rules.ZPlus()),
        "composite": (rules.Epsilon(1e-9), rules.ZPlus()),
        "gamma": (rules.Gamma(0.25), rules.Gamma(0.25)),
    }[rule]
    composite = composites.LayerMapComposite(
        [(types.Activation, rules.Pass()), (nn.Conv2d, convolution), (nn.Linear, dense)]
    )
    inputs = score.model.preprocessing.normalise(pixels).requires_grad_()
    logits = network(inputs).detach()
    assert bool((logits[:, POSITIVE_CLASS] > 0).all())
    chosen = torch.zeros_like(logits)
    chosen[:, POSITIVE_CLASS] = logits[:, POSITIVE_CLASS]
    with attribution.Gradient(model=network, composite=composite) as attributor:
        _, relevance = attributor(inputs, chosen)
    theirs = relevance.sum(1).detach()
    ours = lrp(score, pixels, rule, 1e-6 if rule == "gamma" else 1e-9, 0.25).map
    assert float((ours - theirs).abs().max() / theirs.abs().max()) < 1e-3


def test_deletion_is_quantus_pixel_flipping():
    """The same scores after every step, for a network of one plane: of several, Quantus flips each by itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantus = pytest.importorskip("quantus")
    network, pixels = seeded(OnePlane), images(channels=1)
    score = scored(network, (POSITIVE_CLASS,))
    maps = torch.rand(2, 16, 16, generator=torch.Generator().manual_seed(1))
    inputs = score.model.preprocessing.normalise(pixels)
    black = score.model.preprocessing.normalise(torch.zeros_like(pixels))
    assert len(black.unique()) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flipping = quantus.PixelFlipping(
            features_in_step=16, perturb_baseline=float(black.flatten()[0]), normalise=False, disable_warnings=True
        )
        theirs = flipping(
            model=network,
            x_batch=inputs.numpy(),
            y_batch=np.array([POSITIVE_CLASS] * 2),
            a_batch=maps[:, None].numpy(),
            softmax=False,
        )
    ours = deletion(score, pixels, maps, DICE, steps=16, fill="0").values
    assert np.allclose(ours[:, 1:].numpy(), np.array(theirs), atol=1e-5)
