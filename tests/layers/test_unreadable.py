"""What fires but cannot be read or painted, and networks that gradients, dtypes or compilers make odd."""

import random

import numpy as np
import pytest
import torch
from patch_networks import SIDE, BareSequence, Block, Patches, TokensFirst, patch_means, photos, read
from torch import Tensor, nn

from mindseye.errors import UserError
from mindseye.layers.layer import find_layer
from mindseye.layers.output import find_output
from mindseye.layers.stages import choose_layers
from mindseye.layers.survey import survey


def test_what_fires_but_cannot_be_read():
    """Complex numbers, nothing at all, emptiness, tensors within vmap: the line says what it is, not that nothing fires."""

    class Spectrum(nn.Module):
        def forward(self, x):
            return torch.fft.fft2(x)

    class Empty(nn.Module):
        def forward(self, x):
            return x[:, :, :0]

    class Nothing(nn.Module):
        def forward(self, x):
            return None

    class Odd(Patches):
        def __init__(self) -> None:
            super().__init__()
            self.spectrum, self.empty, self.nothing, self.mapped = Spectrum(), Empty(), Nothing(), Block()

        def forward(self, x):
            x = self.block(self.patches(x))
            self.spectrum(x), self.empty(x), self.nothing(x)
            return torch.vmap(self.mapped)(x).mean((2, 3))

    layers = survey(Odd(), SIDE)
    for address, reason in (
        ("spectrum", "gives complex64 values, which are no ordinary floating-point numbers"),
        ("empty", r"gives \[2, 4, 0, 8\] for 2 images, which is empty"),
        ("nothing", "gives a NoneType without tensors of floating-point numbers"),
        ("mapped", "runs within torch.vmap or a like transform"),
    ):
        with pytest.raises(UserError, match=f"layer '{address}' cannot be read: it {reason}"):
            find_layer(layers, address)
    torch.testing.assert_close(read(Odd(), "block", photos()), patch_means(photos()))


def test_a_call_that_cannot_be_read_by_its_number_or_without():
    """The last call is meant where no number is given, also by the line that says why it is not read."""

    class Twice(Patches):
        def forward(self, x):
            x = self.patches(x)
            self.block(x[:, :0]), self.block(x[:, :0])
            return x.mean((2, 3))

    layers = survey(Twice(), SIDE)
    for address in ("block", "block#0", "block#1"):
        with pytest.raises(UserError, match=f"layer '{address}' cannot be read: it gives .*, which is empty"):
            find_layer(layers, address)


def test_the_name_without_its_wrapper_is_near():
    """``0`` in a network that torch.compile or DataParallel has wrapped."""
    layers = survey(nn.DataParallel(nn.Sequential(nn.Conv2d(3, 4, 3))), SIDE)
    with pytest.raises(UserError, match=r"no layer '0' fires in this network; did you mean 'module\.0'\? "):
        find_layer(layers, "0")


def test_gradients_asked_for_within_forward():
    """A network that asks autograd on its way is surveyed without counting operations, which would not bear it."""

    class Asks(Patches):
        def forward(self, x):
            with torch.enable_grad():
                leaf = x.detach().requires_grad_()
                (gradient,) = torch.autograd.grad(self.patches(leaf).square().sum(), leaf)
            return self.block(self.patches(x) + 0 * gradient.mean()).mean((2, 3))

    torch.testing.assert_close(read(Asks(), "block", photos()), patch_means(photos()))


def test_numpy_random_numbers_come_from_a_seed():
    """Drawn by NumPy or Python, they are the same for each image too."""

    class Draws(Patches):
        def forward(self, x):
            return self.block(self.patches(x) + np.random.rand() + random.random()).mean((2, 3))

    first, second = (read(Draws(), "block", images) for images in (photos(), photos()[[0, 0, 0]]))
    # Close, not equal: where in memory an image lies can change how a convolution rounds.
    torch.testing.assert_close(first[0], second[2])
    assert "the same random numbers for each" in survey(Draws(), SIDE).notes[0]


def test_work_in_place_on_the_input():
    """The caller's images stay what they were, and every pass sees the same."""

    class InPlace(Patches):
        def forward(self, x):
            x -= 0.5
            return self.block(self.patches(x)).mean((2, 3))

    given = photos()
    torch.testing.assert_close(
        read(InPlace(), "block", given), patch_means(photos() - 0.5) * torch.tensor([1, 1, 1, 0])[:, None]
    )
    assert torch.equal(given, photos())
    assert find_output(InPlace(), SIDE)[0].reading.copied


def no_grad(features):
    with torch.no_grad():
        return features * 1


def inference(features):
    with torch.inference_mode():
        return features * 1


@pytest.mark.parametrize(
    "around", [no_grad, inference, torch.detach, torch.round, lambda x: torch.from_numpy(x.numpy() * 1)]
)
def test_layers_without_a_gradient_are_measured_not_painted(around):
    """Behind no_grad, inference_mode, detach and NumPy: read, but refused by whoever wants a gradient, by name."""

    class Frozen(Patches):
        def __init__(self):
            super().__init__()
            self.neck = nn.Conv2d(4, 4, 1)

        def forward(self, x):
            return self.neck(self.block(around(self.patches(x)))).mean((2, 3))

    network = Frozen()
    layers = survey(network, SIDE)
    rounds = around is torch.round  # its gradient is zero, which autograd follows
    assert [find_layer(layers, name).has_gradient for name in ("patches", "block", "neck")] == [True, rounds, rounds]
    with torch.no_grad():
        assert read(network, "neck", photos()).shape == (3, 4, 64)
    assert choose_layers(network, layers, ["patches"])
    if rounds:
        return
    with pytest.raises(UserError, match=r"no gradient reaches the image from layer 'neck'.*measured.*not painted"):
        choose_layers(network, layers, ["neck"])
    assert choose_layers(network, layers, ["neck"], painted=False)
    assert not find_output(network, SIDE)[0].has_gradient


def test_gradients_that_the_caller_has_switched_off():
    """The survey tells what the network does, whatever mode it is called in."""
    network = BareSequence()
    with torch.no_grad():
        assert all(layer.has_gradient for layer in survey(network, SIDE))
    with torch.inference_mode():
        assert find_output(network, SIDE)[0].has_gradient
        assert all(layer.has_gradient for layer in survey(network, SIDE))


def test_compiled_networks_are_read_as_they_were():
    """torch.compile hides new hooks: compiled networks, and compiled parts, run eagerly while they are read."""
    network = TokensFirst()
    whole = torch.compile(network, backend="eager")
    whole(photos())
    torch.testing.assert_close(read(whole, "_orig_mod.block", photos()), patch_means(photos()))
    part = TokensFirst()
    part.block.compile(backend="eager")
    part(photos())
    torch.testing.assert_close(read(part, "block", photos()), patch_means(photos()))


@pytest.mark.parametrize("half", [torch.nn.Conv3d, torch.nn.BatchNorm3d])
def test_three_dimensional_modules_inside(half):
    """[B, C, D, H, W] is read as channels at positions."""

    class Deep(Patches):
        def __init__(self):
            super().__init__()
            self.deep = nn.Conv3d(2, 3, 1) if half is nn.Conv3d else nn.BatchNorm3d(2)

        def forward(self, x):
            return self.deep(self.patches(x).unflatten(1, (2, 2))).mean((2, 3, 4))

    network = Deep().eval()
    expected = network.deep(network.patches(photos()).unflatten(1, (2, 2))).flatten(2)
    torch.testing.assert_close(read(network, "deep", photos()), expected)


def test_sparse_quantised_and_complex_outputs_are_no_layers():
    """What holds no ordinary numbers is not listed, and does not disturb the others."""

    class Kinds(Patches):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = Block(), nn.Identity(), nn.Identity()

        def forward(self, x):
            features = self.patches(x)
            self.a(features.to(torch.complex64))
            self.b(features.to_sparse())
            self.c(torch.quantize_per_tensor(features, 0.1, 0, torch.qint8))
            return self.block(features).mean((2, 3))

    names = {layer.module for layer in survey(Kinds(), SIDE)}
    assert names == {"patches", "block"}


def test_a_table_of_places_is_no_lost_gradient():
    """Position embeddings that a module makes do not depend on the image: nothing is said of their gradient."""

    class Places(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.linspace(0, 1, x.shape[-1]).expand(x.shape)

    class Placed(Patches):
        def __init__(self):
            super().__init__()
            self.places = Places()

        def forward(self, x):
            features = self.patches(x)
            return self.block(features + self.places(features)).mean((2, 3))

    layers = survey(Placed(), SIDE)
    assert layers.notes == ()
    assert find_layer(layers, "block").has_gradient
    assert not find_layer(layers, "places").has_gradient
