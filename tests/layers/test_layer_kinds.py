"""Layers of unusual networks: where positions and channels are, and whose image an answer follows."""

import pytest
import torch
from patch_networks import SIDE, BareSequence, Block, Patches, TokensFirst, patch_means, photos, read
from torch import Tensor, nn

from mindseye.errors import UserError
from mindseye.layers.layer import find_layer
from mindseye.layers.output import find_output
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey


class Sequence(Patches):
    def __init__(self) -> None:
        super().__init__()
        self.signal = nn.Conv1d(4, 4, 1, bias=False)
        with torch.no_grad():
            self.signal.weight.copy_(torch.eye(4)[..., None])

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.signal(self.patches(x).flatten(2))).mean(2)


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
