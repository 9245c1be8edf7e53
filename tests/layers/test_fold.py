"""A folded network gives the same activations and gradients, and nothing is folded that is read or cannot be known."""

import pytest
import torch
from nets import seeded
from torch import nn

from mindseye.layers.fold import KEPT, Folded, fold_batch_norms
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.models.load import load_model


class Block(nn.Module):
    """Convolutions with normalisations, one of them grouped and one without a bias, and a last one that takes a residual."""

    def __init__(self, kind=nn.BatchNorm2d, **options):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(3, 8, 3, bias=False), kind(8, **options)
        self.conv2, self.norm2 = nn.Conv2d(8, 8, 3, groups=4, padding=1), kind(8, **options)
        self.act = nn.ReLU(inplace=True)

    def forward(self, images):
        features = self.act(self.norm1(self.conv1(images)))
        return self.act(self.norm2(self.conv2(features)) + features)


class Twice(Block):
    """Whose second convolution is also used without its normalisation."""

    def forward(self, images):
        features = self.act(self.norm1(self.conv1(images)))
        raw = self.conv2(features)
        return self.act(self.norm2(raw) + raw)


class Again(Block):
    """Whose second convolution and normalisation run twice."""

    def forward(self, images):
        features = self.act(self.norm1(self.conv1(images)))
        for _ in range(2):
            features = self.act(self.norm2(self.conv2(features)))
        return features


class Elsewhere(Block):
    """Whose second normalisation comes behind something else than its convolution."""

    def forward(self, images):
        return self.norm2(self.act(self.conv2(self.norm1(self.conv1(images)))))


def settled(kind, *arguments, **options):
    """A network as if it had been trained: statistics, factors and summands of its own."""
    return trained(seeded(lambda: kind(*arguments, **options)))


def trained(network):
    draw = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            module.running_mean.normal_(generator=draw)
            module.running_var.uniform_(0.5, 2, generator=draw)
            if module.affine:
                nn.init.normal_(module.weight, 1, 0.3, generator=draw)
                nn.init.normal_(module.bias, 0, 0.3, generator=draw)
    # In double precision, so that rounding tips no value over a kink.
    return network.eval().requires_grad_(False).double()


def example(count, side, seed):
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def fold(network, *addresses, side=16):
    known = survey(network, side)
    layers = [find_layer(known, address) for address in addresses]
    return fold_batch_norms(network, layers, example(1, side, 2)), layers


def norms(network):
    return [name for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)]


def assert_same(network, lean, layers, side=16):
    """Activations and the gradient, for two images that were not the example."""
    images = example(2, side, 3).requires_grad_()
    gradients = []
    with Reader(network, layers) as one, Reader(lean, layers) as other:
        for read in (one, other):
            found = read(images)
            gradients.append(torch.autograd.grad(sum(value.square().sum() for value in found.values()), images)[0])
        plain, ours = one(images), other(images)
    for address, tensor in plain.items():
        torch.testing.assert_close(ours[address], tensor)
    torch.testing.assert_close(gradients[1], gradients[0])


@pytest.mark.parametrize("options", [{}, {"affine": False}, {"eps": 0.1}])
def test_all_is_folded_and_all_stays_the_same(options):
    """Also what a normalisation without factors, or with a large summand under its root, gives."""
    network = settled(Block, **options)
    lean, layers = fold(network, "norm1", "act#1")
    assert norms(lean) == []
    assert norms(network) == ["norm1", "norm2"]
    assert_same(network, lean, layers)


def test_tensors_are_shared_and_the_network_is_left_alone():
    """Only the new weights are new; no hook stays on either."""
    network = settled(nn.Sequential, Block(), nn.Conv2d(8, 4, 1))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    lean, _ = fold(network, "1")
    assert lean[1].weight is network[1].weight
    assert lean[0].conv1.weight is not network[0].conv1.weight
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for one in (network, lean) for m in one.modules())
    assert not any(parameter.requires_grad for parameter in lean.parameters())


@pytest.mark.parametrize(
    ("addresses", "left"), [(["conv1", "act#1"], ["norm1"]), (["norm2@input", "act#1"], ["norm2"]), (["norm2"], [])]
)
def test_what_is_read_is_not_folded(addresses, left):
    """A convolution's own output, by either of its names; what comes out of a normalisation may be read."""
    network = settled(Block)
    lean, layers = fold(network, *addresses)
    assert norms(lean) == left
    assert_same(network, lean, layers)


@pytest.mark.parametrize(("kind", "left"), [(Twice, ["norm1", "norm2"]), (Again, ["norm2"]), (Elsewhere, ["norm2"])])
def test_ways_that_cannot_be_folded(kind, left):
    """A convolution that is used otherwise too is found by its numbers: then nothing at all is folded."""
    network = settled(kind)
    last = survey(network, 16)[-1].address
    lean, layers = fold(network, last)
    assert norms(lean) == left
    assert_same(network, lean, layers)


def test_normalisations_of_the_batch_itself():
    """Without statistics, or in training mode, there is nothing to be folded."""
    network = settled(Block, track_running_stats=False)
    assert fold(network, "norm2")[0] is network
    training = settled(Block)
    training.norm1.train()
    training.norm2.train()
    layers = [find_layer(survey(settled(Block), 16), "norm2")]
    assert fold_batch_norms(training, layers, example(2, 16, 0)) is training


class Recorder:
    """Hears with a list of its own."""

    def __init__(self):
        self.heard = []

    def hear(self, *told):
        self.heard.append(told)


@pytest.mark.parametrize("place", ["register_forward_hook", "register_full_backward_hook"])
def test_a_users_hooks_still_hear(place):
    """A module that somebody listens to is left as it is, and what hears is no copy."""
    network, recorder = settled(Block), Recorder()
    network.act.inplace = False  # torch does not let it work on what a backward hook hears of
    getattr(network.norm2, place)(recorder.hear)
    lean, layers = fold(network, "conv1")
    assert lean is network
    lean, layers = fold(network, "act#1")
    assert norms(lean) == ["norm2"]
    recorder.heard.clear()
    with Reader(lean, layers) as read:
        read(example(1, 16, 0).requires_grad_())["act#1"].sum().backward()
    assert len(recorder.heard) == 1


def test_a_block_with_two_names():
    """Both lead to the folded one."""

    class Aliased(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(Block())
            self.first = self.body[0]

        def forward(self, images):
            return self.first(images)

    network = settled(Aliased)
    lean, layers = fold(network, "body.0.norm1", "body.0.act#1")
    assert norms(lean) == []
    assert lean.first is lean.body[0]
    assert_same(network, lean, layers)


def test_a_module_that_cannot_be_copied():
    """The network itself is read."""

    class Single(Block):
        def __deepcopy__(self, memo):
            raise TypeError("there is one only")

    network = settled(Single)
    assert fold(network, "act#1")[0] is network


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "mobilenet_v3_small",
        "timm/efficientnet_b0",
        "densenet121",
        pytest.param("vit_b_16", marks=pytest.mark.slow),
    ],
)
def test_real_networks(name):
    """At their last layer but the classifier, with random weights; a transformer is left as it is."""
    side = 224 if name == "vit_b_16" else 64
    network = trained(load_model(name, weights="none").network)
    addresses = [layer.address for layer in survey(network, side) if layer.kind not in ("Linear", "Conv2d")]
    wanted = addresses[len(addresses) // 2 :: max(1, len(addresses) // 6)][:3]
    lean, layers = fold(network, *wanted, side=side)
    if name == "vit_b_16":
        assert lean is network
        return
    assert len(norms(lean)) < len(norms(network)) / (1 if name == "densenet121" else 1.4)
    assert_same(network, lean, layers, side)


def test_the_order_of_layers_does_not_matter():
    """Early and late ones may be read in one pass."""
    network = settled(nn.Sequential, Block(), nn.Conv2d(8, 3, 1), Block())
    lean, layers = fold(network, "0.norm1", "0", "2.act#1")
    assert norms(lean) == []
    assert_same(network, lean, layers)


def test_a_fold_is_kept_for_the_layers_that_are_read():
    """The same network for the same layers; of many, the last few; each reads what the plain one gives."""

    def convolutions():
        pairs = [(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)) for _ in range(KEPT + 1)]
        return nn.Sequential(*(module for pair in pairs for module in pair))

    network, images = settled(convolutions), example(1, 16, 2)
    known = survey(network, 16)
    reads = [[find_layer(known, str(2 * number + 1))] for number in range(KEPT + 1)]
    folded = Folded(network, images)
    first = folded.at(reads[0])
    assert first is not network
    assert folded.at(list(reads[0])) is first
    second = folded.at(reads[1])
    assert folded.at(reads[0]) is first
    assert folded.at(reads[1]) is second
    for layers in reads:
        with Reader(folded.at(layers), layers) as lean, Reader(network, layers) as plain, torch.no_grad():
            torch.testing.assert_close(lean(images), plain(images))
    assert folded.at(reads[0]) is not first
