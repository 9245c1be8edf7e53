"""CAM and Grad-CAM: against their definitions, each other and Captum's."""

import pytest
import torch
from captum.attr import LayerGradCam
from explained import hooks, images, plain, scored, surveyed
from nets import ChannelsLast, TinyConv, TinyTokens, seeded
from torch.nn import functional

from mindseye.attribution.cam import cam, grad_cam, last_map, pooled_head
from mindseye.attribution.score import unit_score
from mindseye.errors import UserError
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.stages import last_before_pooling


def resized(maps, side=16):
    return functional.interpolate(maps[:, None], size=(side, side), mode="bilinear", align_corners=False)[:, 0]


def test_cam_by_definition():
    """Each image's own class; mean and bias give the logit."""
    network = seeded(TinyConv)
    score = scored(network, [4, 0])
    with Reader(network, [find_layer(surveyed(score), "body.2")]) as read:
        activation = read(images())["body.2"]
    expected = torch.stack([network.fc.weight[wanted] @ activation[i] for i, wanted in enumerate([4, 0])])
    found = cam(score, images(), pooled_head(score, images(1), surveyed(score)))
    torch.testing.assert_close(found.map, resized(expected.view(2, 4, 4)))
    torch.testing.assert_close(torch.tensor(found.numbers["score"]), score(images()))
    torch.testing.assert_close(torch.tensor(found.numbers["bias"]), network.fc.bias[[4, 0]])


def test_the_pooled_head_of_efficientnet_lite0(lite0):
    """Behind the last activation function, and found by running the network."""
    score = unit_score(lite0, scored(lite0.network, side=64).layer, 3)
    head = pooled_head(score, images(1, 64), surveyed(score, 64))
    assert head.linear == "classifier"
    assert head.features.module == "bn2"
    assert head.features.positions == 4


@pytest.mark.parametrize(("network", "side"), [(plain, 16), (lambda: seeded(TinyTokens), 32)])
def test_cam_without_a_pooled_head_is_refused(network, side):
    score = scored(network(), side=side)
    with pytest.raises(UserError, match="take 'grad-cam'"):
        pooled_head(score, images(1, side), surveyed(score, side))


def test_cam_of_a_hidden_unit_is_refused():
    score = scored(seeded(TinyConv))
    unit = unit_score(score.model, find_layer(surveyed(score), "body.1"), 2)
    with pytest.raises(UserError, match=r"'body\.1'.*take 'grad-cam'"):
        pooled_head(unit, images(1), surveyed(score))


def test_grad_cam_equals_captum_s():
    """On a network of modules in a row."""
    network = plain()
    found = grad_cam(scored(network), images(), find_layer(surveyed(scored(network)), "3"))
    expected = LayerGradCam(network, network[3]).attribute(images(), target=2, relu_attributions=True)
    torch.testing.assert_close(found.map, resized(expected[:, 0].detach()))


def test_grad_cam_is_cam_above_zero_behind_the_last_map():
    """Selvaraju et al., section 3.1, but for the number of positions; of a reused ReLU that works in place."""
    score = scored(seeded(TinyConv), [4, 0])
    layer = find_layer(surveyed(score), "body.2.relu#1")
    expected = cam(score, images(), pooled_head(score, images(1), surveyed(score))).map
    with Reader(score.model.network, [layer]) as read:
        activation = read(images())[layer.address]
    weights = score.model.network.fc.weight[[4, 0]]
    torch.testing.assert_close(resized(torch.einsum("bk,bkp->bp", weights, activation).view(2, 4, 4)), expected)
    above = resized(torch.einsum("bk,bkp->bp", weights, activation).clamp(min=0).view(2, 4, 4))
    torch.testing.assert_close(grad_cam(score, images(), layer).map, above / 16)


def test_grad_cam_is_safe_from_what_works_in_place():
    """The convolution's output, which ``out += features`` and a ReLU overwrite, read as it was."""
    network = seeded(TinyConv)
    score, block = scored(network), network.body[2]
    with Reader(network, [find_layer(surveyed(score), "body.1")]) as read:
        features = read(images())["body.1"].view(2, 16, 4, 4)
    activation = block.conv2(block.conv1(features.clone()).relu()).requires_grad_()
    out = network.fc((activation + features).relu().mean((2, 3)))[:, 2]
    (slopes,) = torch.autograd.grad(out.sum(), activation)
    expected = (slopes.mean((2, 3), keepdim=True) * activation).sum(1).clamp(min=0)
    found = grad_cam(score, images(), find_layer(surveyed(score), "body.2.conv2"))
    torch.testing.assert_close(found.map, resized(expected.detach()))


@pytest.mark.parametrize(("network", "address", "side"), [(TinyTokens, "blocks.6", 32), (ChannelsLast, "gelu", 16)])
def test_grad_cam_of_tokens_and_channels_last(network, address, side):
    """A score's own layer has a slope, and so do tokens as the grid that they are."""
    score = scored(seeded(network), side=side)
    layer = find_layer(surveyed(score, side), address)
    found = grad_cam(unit_score(score.model, layer, 3), images(side=side), layer)
    with Reader(score.model.network, [layer]) as read:
        activation = read(images(side=side))[address]
    expected = (activation[:, 3] / layer.positions).clamp(min=0).view(2, *layer.rows_and_columns)
    torch.testing.assert_close(found.map, resized(expected, side))


def test_grad_cam_refuses_layers_that_lead_nowhere():
    score = scored(seeded(TinyConv))
    layers = surveyed(score)
    unit = unit_score(score.model, find_layer(layers, "body.1"), 2)
    with pytest.raises(UserError, match=r"does not depend on layer 'body\.2'"):
        grad_cam(unit, images(), find_layer(layers, "body.2"))
    with pytest.raises(UserError, match="rows and columns"):
        grad_cam(score, images(), find_layer(layers, "fc"))
    assert hooks(score.model.network) == 0
    assert grad_cam(score, images(), last_before_pooling(score.model.network, layers)).map.max() > 0


def test_the_last_map_is_where_the_score_comes_from():
    """A unit's own layer; before the head of a network the last block; of a vision transformer the last but one."""
    score = scored(seeded(TinyConv))
    layers = surveyed(score)
    assert last_map(score, images(1), layers).address == "body.2"
    own = find_layer(layers, "body.1")
    assert last_map(unit_score(score.model, own, 2), images(1), layers) == own
    tokens = scored(seeded(TinyTokens), side=32)
    found = last_map(tokens, images(1, 32), surveyed(tokens, 32))
    assert found.address == "blocks.6"
    assert grad_cam(tokens, images(side=32), found).map.max() > 0
    with pytest.raises(UserError, match="take 'occlusion'"):
        last_map(unit_score(score.model, find_layer(layers, "stem@input"), 1), images(1), layers)
