"""Receptive fields against sets of pixels followed back through each module's arithmetic."""

import pytest
import torch
import torchvision
from nets import TinyConv, TinyTokens, seeded
from torch import nn

from mindseye.layers.layer import find_layer
from mindseye.layers.output import find_output
from mindseye.layers.receptive_field import receptive_field
from mindseye.layers.survey import survey


def conv(kernel, **options):
    return nn.Conv2d(2, 2, kernel, **options)


def number(value, axis):
    return value[axis] if isinstance(value, tuple) else value


def seen(modules, size, place, axis):
    """The pixels along an axis (0 rows, 1 columns) that a place in the last of the modules reads."""
    extents = [size]
    for module in modules:
        kernel, stride, padding = (number(getattr(module, key), axis) for key in ("kernel_size", "stride", "padding"))
        dilation = number(getattr(module, "dilation", 1), axis)
        extents.append((extents[-1] + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)
    places = {place}
    for module, extent in zip(reversed(modules), reversed(extents[:-1])):
        kernel, stride, padding = (number(getattr(module, key), axis) for key in ("kernel_size", "stride", "padding"))
        dilation = number(getattr(module, "dilation", 1), axis)
        places = {place * stride - padding + dilation * tap for place in places for tap in range(kernel)}
        places = {place for place in places if 0 <= place < extent}
    return min(places), max(places) + 1


def field(network, address, size, channels=3):
    return receptive_field(network, find_layer(survey(network, size, channels), address), size, channels)


STACKS = [
    ([conv(3)], 9),
    ([conv(1)], 5),
    ([conv(3, padding=1), conv(3, padding=1), conv(3, padding=1)], 20),
    ([conv(5, stride=2, padding=2), nn.MaxPool2d(3, 2, 1), conv(3, padding=1)], 41),
    ([conv(3), nn.AvgPool2d(2), conv(3), nn.MaxPool2d(2)], 30),
    ([conv(3, dilation=2, padding=2), conv(3, dilation=4, padding=4)], 25),
    ([conv(3, dilation=3), conv(3, stride=3)], 31),
    ([conv((3, 5), stride=(1, 2), padding=(1, 0)), conv((1, 3), dilation=(1, 2))], 24),
    (
        [conv(7, stride=2, padding=3), conv(3, stride=2, padding=1), conv(3, stride=2, padding=1), conv(3, padding=1)],
        64,
    ),
    ([conv(2, stride=2), conv(2, stride=2), conv(2, stride=2)], 32),
    ([conv(3, padding=1) for _ in range(8)], 12),
]


@pytest.mark.parametrize(("modules", "size"), STACKS)
def test_stacks_against_arithmetic(modules, size):
    """Every position of stacks with and without padding, stride and dilation, rows and columns unlike each other."""
    network = nn.Sequential(*modules)
    got = field(network, str(len(modules) - 1), size, channels=2)
    assert got.boxes.shape == (got.rows, got.columns, 4)
    for row in range(got.rows):
        for column in range(got.columns):
            (top, bottom), (left, right) = seen(modules, size, row, 0), seen(modules, size, column, 1)
            assert got.box(row, column) == (top, left, bottom, right)


@pytest.mark.parametrize("channels", [1, 7])
def test_any_number_of_image_channels(channels):
    """The field is that of the modules, whatever the number of channels; ReLUs let NaN through."""
    network = seeded(TinyConv, channels)
    got = field(network, "body.0", 32, channels)
    # A stem of 3 px and stride 2, then two convolutions of 3 px: 3 + 2 * (2 + 2).
    assert got.box(8, 7) == (11, 9, 22, 20)
    assert got.box(0, 15) == (0, 25, 6, 32)


@pytest.mark.parametrize(("address", "extent", "stride"), [("layer1.1", 43, 4), ("layer2.1", 99, 8)])
def test_resnet18(address, extent, stride):
    """ResNet-18's known receptive fields, centred on every position away from the border."""
    got = field(torchvision.models.resnet18(weights=None), address, 128)
    row, column = got.rows // 2, got.columns // 2 - 1
    top, left, bottom, right = got.box(row, column)
    assert (bottom - top, right - left) == (extent, extent)
    assert (top - left, bottom - right) == (stride, stride)
    assert top == row * stride - extent // 2


@pytest.mark.parametrize("place", ["before", "after"])
def test_squeeze_and_excitation_sees_the_whole_image(place):
    """Its scale is a mean over the whole image."""
    gate, filters = torchvision.ops.SqueezeExcitation(2, 1), conv(3)
    network = nn.Sequential(*((gate, filters) if place == "before" else (filters, gate)))
    got = field(network, "1", 12, channels=2)
    assert got.boxes.reshape(-1, 4).unique(dim=0).tolist() == [[0, 0, 12, 12]]


def test_tokens():
    """A patch sees its pixels, in row-major order; behind attention it sees the whole image."""
    network = seeded(TinyTokens)
    patches = field(network, "patches", 32)
    assert [patches.box(1, 2), patches.box(3, 0)] == [(8, 16, 16, 24), (24, 0, 32, 8)]
    first = field(network, "blocks.0@input", 32)
    assert torch.equal(first.boxes, patches.boxes)
    assert field(network, "blocks.0", 32).boxes.reshape(-1, 4).unique(dim=0).tolist() == [[0, 0, 32, 32]]


def test_windows_do_not_keep_one_distance():
    """Positions that share a window see the same: no stride, so each is searched."""

    class Windows(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Identity()

        def forward(self, x):
            means = nn.functional.avg_pool2d(x, 6)
            return self.inner(x + nn.functional.interpolate(means, scale_factor=6))

    got = field(Windows(), "inner", 18)
    for row in range(18):
        for column in range(18):
            top, left = row // 6 * 6, column // 6 * 6
            assert got.box(row, column) == (top, left, top + 6, left + 6)


def test_dense_output():
    """An output that is enlarged again: two positions a pixel."""
    network = nn.Sequential(conv(3, padding=1), nn.Upsample(scale_factor=2))
    got = receptive_field(network, find_output(network, 10, 2)[0], 10, 2)
    assert got.box(9, 6) == (3, 2, 6, 5)


def test_vector_sees_the_whole_image():
    """A vector has one position."""
    got = field(seeded(TinyConv), "fc", 32)
    assert (got.rows, got.columns, got.box(0, 0)) == (1, 1, (0, 0, 32, 32))


class Swallows(nn.Module):
    """Puts numbers in place of NaN."""

    def forward(self, x):
        return x.nan_to_num()


class Refuses(nn.Module):
    """Checks what it is given."""

    def forward(self, x):
        if x.isnan().any():
            raise ValueError("NaN")
        return x


@pytest.mark.parametrize("kind", [Swallows, Refuses])
def test_where_nan_tells_nothing(kind):
    """Networks that hide NaN or refuse it count as seeing the whole image."""
    got = field(nn.Sequential(conv(3), kind(), conv(3)), "2", 12, channels=2)
    assert got.boxes.reshape(-1, 4).unique(dim=0).tolist() == [[0, 0, 12, 12]]


FUNCTIONS = [
    *(nn.ReLU(), nn.ReLU6(), nn.Hardswish(), nn.Hardsigmoid(), nn.Hardtanh(), nn.LeakyReLU(), nn.GELU(), nn.SiLU()),
    *(nn.ELU(), nn.PReLU(), nn.Softplus(), nn.Threshold(0.1, 0), nn.Softmax(1), nn.LocalResponseNorm(2)),
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda module: type(module).__name__)
def test_functions_let_nan_through(function):
    """No activation function of torch hides NaN."""
    got = field(nn.Sequential(conv(3), function), "1", 6, channels=2)
    assert (got.box(0, 0), got.box(3, 1)) == ((0, 0, 3, 3), (3, 1, 6, 4))


def test_hooks_are_gone_and_training_goes_on():
    """The network is left as it was."""
    network = seeded(TinyConv).train()
    field(network, "stem", 16)
    assert network.training
    assert not any(module._forward_hooks for module in network.modules())
