"""Kinds of networks that people really have: each layer is read rightly, read with a line, or refused in one true line."""

import random

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mindseye.errors import UserError
from mindseye.layers.layer import find_layer
from mindseye.layers.output import find_output
from mindseye.layers.reader import Reader
from mindseye.layers.stages import choose_layers
from mindseye.layers.survey import survey

SIDE, PATCH = 64, 8


class Block(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 0.0


class Patches(nn.Module):
    """Channels 0, 1, 2 are a patch's mean red, green and blue, the others 0; what comes then is a subclass's."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 4, PATCH, PATCH, bias=False)
        with torch.no_grad():
            self.patches.weight.zero_()
            for colour in range(3):
                self.patches.weight[colour, colour] = 1 / PATCH**2
        self.block = Block()


def photos(count: int = 3) -> Tensor:
    return torch.rand(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(3))


def patch_means(images: Tensor) -> Tensor:
    """[images, channels, positions]: the mean of each colour in each patch, row by row, and a channel of nothing."""
    cut = images.unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH).mean((-1, -2)).flatten(2)
    return torch.cat([cut, torch.zeros(len(images), 1, cut.shape[2])], 1)


def read(network: nn.Module, address: str, images: Tensor) -> Tensor:
    with Reader(network.eval(), [find_layer(survey(network, SIDE), address)]) as reader:
        return reader(images)[address]


class TokensFirst(Patches):
    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.patches(x).flatten(2).permute(2, 0, 1)).mean(0)


class Sequence(Patches):
    def __init__(self) -> None:
        super().__init__()
        self.signal = nn.Conv1d(4, 4, 1, bias=False)
        with torch.no_grad():
            self.signal.weight.copy_(torch.eye(4)[..., None])

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.signal(self.patches(x).flatten(2))).mean(2)


class BareSequence(Patches):
    """Without any module that is known to be one-dimensional: a wider image tells which axis is the positions'."""

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.patches(x).flatten(2)).mean(2)


class ClassToken(Patches):
    def __init__(self, place: int, count: int = 1) -> None:
        super().__init__()
        self.place = place
        self.tokens = nn.Parameter(torch.full((1, count, 4), -1.0))

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        extra = self.tokens.expand(len(x), -1, -1)
        tokens = self.block(torch.cat([tokens[:, : self.place], extra, tokens[:, self.place :]], 1))
        return tokens[:, self.place]


class Queries(Patches):
    """A decoder's answers, of which the first has the image's redness in channel 0, and all depend on the image."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: Tensor) -> Tensor:
        answers = self.patches(x).mean((2, 3))[:, None] * torch.arange(self.count)[:, None]
        return self.block(torch.cat([x.mean((2, 3))[:, None, :1].expand(-1, -1, 4), answers[:, 1:]], 1)).mean(1)


class Mirrored(Patches):
    def forward(self, x: Tensor) -> Tensor:
        both = self.block(self.patches(torch.cat([x, x.flip(-1)]))).mean((2, 3))
        return (both[: len(x)] + both[len(x) :]) / 2


@pytest.mark.parametrize(
    "network", [TokensFirst(), Sequence(), BareSequence(), *(ClassToken(n) for n in (0, 32, 64)), ClassToken(5, 4)]
)
def test_positions_and_channels_are_where_they_should_be(network):
    """Whatever the order of the axes and wherever a class token stands: the redness of each patch, row by row."""
    torch.testing.assert_close(read(network, "block", photos()), patch_means(photos()))
    layer = find_layer(survey(network, SIDE), "block")
    assert (layer.channels, layer.positions, layer.rows_and_columns) == (4, 64, (8, 8))


def test_tokens_first_with_as_many_tokens_as_images():
    """Two tokens of two images: which axis is the image's is not in the shape."""

    class Two(TokensFirst):
        def forward(self, x):
            return self.block(self.patches(x).flatten(2).permute(2, 0, 1)[:2]).mean(0)

    torch.testing.assert_close(read(Two(), "block", photos(2)), patch_means(photos(2))[:, :, :2])


@pytest.mark.parametrize("count", [16, 17, 20])
def test_no_query_is_taken_for_a_class_token(count):
    """Of 17 joints none is dropped."""
    got = read(Queries(count), "block", photos())
    assert got.shape == (3, 4, count)
    torch.testing.assert_close(got[:, 0, 0], photos()[:, 0].mean((1, 2)))


def test_mirrored_halves_belong_to_their_image():
    """An image and its mirror image, in one batch of twice the size: both are the image's positions."""
    got = read(Mirrored(), "block", photos())
    torch.testing.assert_close(got[..., :64], patch_means(photos()))
    torch.testing.assert_close(got[..., 64:], patch_means(photos().flip(-1)))
    assert find_layer(survey(Mirrored(), SIDE), "block").rows_and_columns is None


def test_boxes_of_a_detector_are_refused():
    """How many boxes an image gets depends on it: they cannot be told apart, and the message names the module."""

    class Boxes(Patches):
        def __init__(self):
            super().__init__()
            self.pool, self.find = Block(), Finds()

        def forward(self, x):
            features = self.patches(x)
            return self.find(self.pool(features.repeat_interleave(4, 0)), x)

    class Finds(nn.Module):
        def forward(self, boxes, x):
            return [boxes[: 1 + int(image.mean() > 0.5)] for image in x]

    layers = survey(Boxes(), SIDE)
    with pytest.raises(UserError, match=r"layer 'pool' cannot be read: it gives \[8, 4, 8, 8\] for 2 images"):
        find_layer(layers, "pool")
    assert "patches" in {layer.address for layer in layers}


def test_a_batch_that_is_not_the_images_is_refused_at_every_pass():
    """A network that at times gives other numbers of entries than images: the error names the module."""

    class Turns(Patches):
        more = False

        def forward(self, x):
            features = self.patches(x)
            return self.block(torch.cat([features, features]) if self.more else features).mean((2, 3))

    network = Turns()
    layer = find_layer(survey(network, SIDE), "block")
    network.more = True
    with (
        Reader(network, [layer]) as reader,
        pytest.raises(UserError, match=r"layer 'block' gives \[6, 4, 8, 8\] for 3 images"),
    ):
        reader(photos())


class OfTheBatch(Patches):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(4, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.patches(x)).square().mean((2, 3))


def test_statistics_of_the_batch():
    """Such a network is read one image at a time, and says so; what lies before the normalisation is not held up."""
    network = OfTheBatch().eval()
    layers = survey(network, SIDE)
    assert not find_layer(layers, "patches").reading.singly
    assert any("from 'norm' (BatchNorm2d) on" in note for note in layers.notes)
    alone = torch.cat([network.norm(network.patches(image[None])) for image in photos()])
    torch.testing.assert_close(read(network, "norm", photos()), alone.flatten(2))
    output = find_output(network, SIDE)[0]
    with Reader(network, [output]) as reader:
        got = reader(photos())["output"]
    torch.testing.assert_close(got[..., 0], torch.cat([network(image[None]) for image in photos()]))


def test_random_numbers_in_evaluation_mode():
    """The same image gets the same answer, whatever stands beside it and whenever; the caller's state is not touched."""

    class Draws(Patches):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout(0.5)

        def forward(self, x):
            return self.block(nn.functional.dropout(self.patches(x), 0.5, True)).mean((2, 3))

    layers = survey(Draws(), SIDE)
    layer = find_layer(layers, "block")
    assert layer.reading.seeded
    assert any("draws random numbers" in note and "'block'" in note for note in layers.notes)
    network = Draws()
    state = torch.get_rng_state()
    with Reader(network, [layer]) as reader:
        first, again = reader(photos())["block"], reader(photos().flip(0))["block"]
    assert torch.equal(first, again.flip(0))
    assert torch.equal(torch.get_rng_state(), state)


def test_one_image_at_a_time():
    """A table for batches of one: the network is read one image at a time."""

    class One(Patches):
        def forward(self, x):
            return self.block(self.patches(x)).mean((2, 3)) * {1: 1.0}[len(x)]

    layers = survey(One(), SIDE)
    assert "takes no two images at once (KeyError: 2)" in layers.notes[0]
    torch.testing.assert_close(read(One(), "block", photos()), patch_means(photos()))


def test_modules_that_run_once_for_each_image():
    """A loop over the batch: which call is whose image is known by giving one image at a time."""

    class Loops(Patches):
        def forward(self, x):
            return torch.stack([self.block(self.patches(image[None]))[0] for image in x]).mean((2, 3))

    layers = survey(Loops(), SIDE)
    assert [layer.calls for layer in layers] == [1] * len(layers)
    assert "(its modules run once for each image): it is given one at a time" in layers.notes[0]
    torch.testing.assert_close(read(Loops(), "block", photos()), patch_means(photos()))


def test_a_network_that_calls_itself():
    """What it gives is what its outermost call gives: the mean over the image and its mirror image."""

    class Mirrors(Patches):
        def forward(self, x, again=True):
            seen = self.patches(x).mean((2, 3)) * (1 if again else 3)
            return (seen + self(x.flip(-1), False)) / 2 if again else seen

    network = Mirrors().eval()
    output = find_output(network, SIDE)[0]
    with Reader(network, [output]) as reader:
        got = reader(photos())[output.address]
    torch.testing.assert_close(got[..., 0], 2 * patch_means(photos()).mean(2))


def test_a_packed_sequence():
    """The tokens of a packed sequence lie behind each other, those of all images in turn; the last state is beside them."""

    class Packed(Patches):
        def __init__(self) -> None:
            super().__init__()
            self.recurrent = nn.LSTM(4, 5, batch_first=True)

        def forward(self, x):
            tokens = self.patches(x).flatten(2).transpose(1, 2)
            lengths = [tokens.shape[1]] * len(x)
            packed = nn.utils.rnn.pack_padded_sequence(tokens, lengths, batch_first=True)
            self.seen, _ = nn.utils.rnn.pad_packed_sequence(self.recurrent(packed)[0], batch_first=True)
            return self.seen.mean(1)

    network = Packed()
    got = read(network, "recurrent", photos())
    with torch.no_grad():
        network(photos())
    assert got.shape == (3, 5, 64)
    torch.testing.assert_close(got.detach(), network.seen.transpose(1, 2))


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
    assert torch.equal(first[0], second[2])
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
