"""Networks of every kind are painted: planes of input, tokens, modes, and one that fails."""

import numpy as np
import pytest
import torch
from byhand import SIDE, features, files, hooks, picture, value
from nets import TinyConv, TinyTokens, seeded
from paint_runs import paint
from torch import nn

import mindseye
from mindseye.models.load import load_model


@pytest.mark.parametrize("channels", [1, 7])
def test_other_numbers_of_input_channels(place, channels):
    """Read from the network; the picture of seven is kept whole beside its file, and valued whole."""
    network = seeded(TinyConv, channels)
    run = paint(["body.0:3", "class:1"], network)
    assert run.manifest.model.in_channels == channels
    if channels == 7:
        whole = torch.from_numpy(np.load(next((run.path / "pictures").glob("00*.npy"))))[None]
        assert whole.shape == (1, 7, SIDE, SIDE)
        assert value(run) == pytest.approx(float(features(network, whole, 1)[0, 3].mean()), abs=1e-5)


def test_a_transformer_of_one_size(place):
    """A neuron of the grid of its tokens, under octaves: the network sees views of one size in all of them."""
    run = paint("blocks.2:3@1,2", seeded(TinyTokens), size=48, changes={"octaves": 2})
    assert run.manifest.status == "done"
    assert picture(run).shape[-1] == 48


class Switching(nn.Module):
    """Is another network in train mode."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6)
        self.drop = nn.Dropout(0.5)

    def forward(self, images):
        return self.drop(self.norm(self.conv(images)).relu())


def test_train_mode_paints_as_eval_mode_and_comes_back(place):
    """The same pictures, and the network as it was: its mode, its gradients, its running statistics."""
    runs = []
    for mode in (True, False):
        network = seeded(Switching).requires_grad_(True).train(mode)
        before = network.norm.running_mean.clone()
        runs.append(paint("norm:2", network, out=f"train-{mode}"))
        assert network.training == network.drop.training == mode
        assert all(parameter.requires_grad for parameter in network.parameters())
        assert torch.equal(network.norm.running_mean, before)
        assert hooks(network) == 0
    assert files(runs[0].path) == files(runs[1].path)


class Failing(TinyConv):
    """Raises in the middle of the painting."""

    passes = 0

    def forward(self, images):
        Failing.passes += 1
        if Failing.passes == 11:
            raise ArithmeticError("in the middle")
        return super().forward(images)


def test_hooks_are_gone_after_an_error(place):
    """The network is as before, and the folder can be gone on with."""
    network = seeded(Failing).requires_grad_(True)
    with pytest.raises(ArithmeticError):
        paint("body.2:3", network, out="run")
    assert hooks(network) == 0
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert paint("body.2:3", network, out="run").manifest.status == "done"


def test_objectives_rise_in_a_real_network(place):
    """EfficientNet-Lite0 at 64 px, thirty steps: a negative, a neuron and a class."""
    asked = ["blocks.2.1:5:neg", "blocks.2.1:9@3,4", "class:zebra"]
    run = mindseye.paint(asked, "efficientnet_lite0", size=64, steps=30, snapshots=1, quiet=True)
    for index, words in enumerate(asked):
        begun, ended = run.manifest.pictures[index].loss["objective"]
        assert ended < begun, words
        assert value(run, index) > value(run, index, "start"), words
    model = load_model("efficientnet_lite0")
    zebra = next(index for index, name in enumerate(model.labels) if name.startswith("zebra"))
    with torch.no_grad():
        logits = model.network.eval()(model.preprocessing.normalise(picture(run, 2)))
    assert value(run, 2) == pytest.approx(float(logits[0, zebra]), abs=1e-3)
