"""Which images a network takes: planes and sides are found by trying, and what takes none is told what to do."""

from collections.abc import Callable

import pytest
import torch
from small_networks import Does, plain, small
from torch import nn

from mindseye.errors import UserError
from mindseye.models.inputs import COMMON_SIDES
from mindseye.models.load import load_model


def test_planes_are_found_by_trying() -> None:
    """A width that is called in_channels, a head that is defined first, a size that is a number of features."""
    course = plain()
    course.in_channels = 64
    assert load_model(course, size=32).in_channels == 3
    assert load_model(course, size=32).findings.notes == (
        "the attribute in_channels = 64 is not what its images have: it takes 3 planes",
    )

    class HeadFirst(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head, self.body = nn.Conv2d(8, 10, 1), nn.Conv2d(3, 8, 3, 2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.body(x)).mean((2, 3))

    assert load_model(HeadFirst(), size=32).in_channels == 3
    features = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.MaxPool2d(16), nn.Flatten(), nn.LazyLinear(2))
    features.input_size = 8
    assert load_model(features, size=64).preprocessing.size == 64
    assert load_model(plain(11), size=32).in_channels == 11
    assert load_model(plain(1), size=32).in_channels == 1


@pytest.mark.parametrize(("size", "expected"), [(32, 32), (None, 32), (64, 32)])
def test_sides_are_found_by_trying(size: int | None, expected: int) -> None:
    """What the user asks for first; a network that takes 32 px only, and does not say so, is looked at with 32."""
    model = load_model(small(), size=size)
    assert (model.preprocessing.size, model.preprocessing.resize, model.preprocessing.fixed_size) == (
        expected,
        expected,
        True,
    )
    assert bool(model.findings.notes) is (size != 32)
    assert load_model(plain(), size=size).preprocessing.size == (size or 224)


def test_what_takes_no_images_is_refused_with_a_way_out() -> None:
    """Two inputs, volumes, dicts, oblong images: the size in the line is the one that was asked for."""

    class Two(nn.Module):
        def forward(self, image: torch.Tensor, facts: torch.Tensor) -> torch.Tensor:
            return image.mean((2, 3)) + facts

    class Dict(nn.Module):
        def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
            return batch["image"].mean((2, 3))

    volumes = nn.Sequential(nn.Conv3d(2, 4, 3), nn.Flatten(2), nn.LazyLinear(3))
    for network, text in (
        (Two(), r"3 x 64 x 64: .*its forward needs 2 inputs \(image, facts\): wrap it in a torch\.nn\.Module"),
        (Dict(), r"3 x 64 x 64: .*if it takes something other than images, wrap it"),
        (
            nn.Sequential(nn.Conv3d(1, 4, 3), nn.Flatten()),
            r"3 x 64 x 64: a Conv3d gets \[1, 3, 64, 64\].*volumes or frames: wrap it",
        ),
        (volumes, r"3 x 64 x 64: .*volumes or frames: wrap it"),
    ):
        with pytest.raises(UserError, match=text):
            load_model(network, size=64)
    oblong = plain()
    oblong.image_size = (64, 128)
    with pytest.raises(UserError, match=r"image_size is \(64, 128\); only squares .*wrap it"):
        load_model(oblong)


@pytest.mark.parametrize(
    ("takes", "line"),
    [
        (lambda net, x: net.body(x.permute(0, 3, 1, 2)), "it takes images with their planes last: .*permute"),
        (
            lambda net, x: net.body(x[None]) if x.dim() == 3 else 1 / 0,
            "it takes a single image .*stacks its answers to each",
        ),
        (lambda net, x: net.body(torch.stack(x)), r"it takes a list of images: .*list\(images\)"),
        (lambda net, x: net.body(x / 255) if x.dtype == torch.uint8 else x.none, "it takes images of whole numbers"),
        (lambda net, x: net.body(x["image"]), "if it takes something other than images, wrap it"),
        (
            lambda net, x: net.body(x.unsqueeze(0)),
            "if it takes something other than images, wrap it|it takes a single image",
        ),
    ],
)
def test_what_it_takes_instead_is_found_by_trying(takes: Callable[..., object], line: str) -> None:
    """The refusal says what the network takes, and what a wrapper has to do."""
    with pytest.raises(UserError, match=rf"the model does not take images of 3 x 32 x 32: .*; {line}"):
        load_model(Does(takes), size=32)


def test_vectors_of_pixels() -> None:
    """A network of linear layers takes images as vectors; with a flattening before it they are images."""
    line = r"does not take images of 3 x 224 x 224: .*it takes images as vectors: .* and passes on images\.flatten\(1\)"
    with pytest.raises(UserError, match=line):
        load_model(nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10)))
    assert load_model(nn.Sequential(nn.Flatten(), nn.Linear(784, 10))).in_channels == 1


def test_statistics_of_vectors_in_a_batch() -> None:
    """A normalisation that refuses a single vector: no image can be asked about alone."""
    network = nn.Sequential(*plain()[:4], nn.BatchNorm1d(8, track_running_stats=False))
    with pytest.raises(UserError, match=r"takes two images but not one .*track_running_stats=True"):
        load_model(network, size=32)


def test_a_stated_size_with_planes() -> None:
    """(planes, height, width) and (height, width, planes) state the same side."""
    for stated in ((3, 48, 48), (48, 48, 3), [48, 48], 48):
        network = plain()
        network.input_size = stated
        assert load_model(network).preprocessing.size == 48


class Counts(nn.Module):
    """Keeps the shape of every batch of images that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[torch.Size] = []
        widths = (3, 64, 512, 2048, 100)
        self.convs = nn.ModuleList(nn.Conv2d(width, 1, 1) for width in widths)

    def refuse(self, image: torch.Tensor) -> None:
        self.given.append(image.shape)
        raise ValueError("not that")


def test_two_inputs_are_refused_at_once() -> None:
    """No other image makes up for an input that is not given; the planes and sides that are usual are not tried."""

    class Two(Counts):
        def forward(self, image: torch.Tensor, facts: torch.Tensor) -> None:
            self.refuse(image)

        def __call__(self, *images: torch.Tensor) -> torch.Tensor:
            self.given += [image.shape for image in images]
            return super().__call__(*images)

    network = Two()
    with pytest.raises(UserError, match=r"3 x 224 x 224: .*its forward needs 2 inputs \(image, facts\): wrap it"):
        load_model(network)
    assert network.given == [(1, 3, 224, 224), (2, 3, 224, 224)]


def test_images_that_are_guessed_stay_small() -> None:
    """What the inner convolutions take is tried with one side, and never with images of more than 64 MiB."""

    class Never(Counts):
        def forward(self, image: torch.Tensor) -> None:
            self.refuse(image)

    network = Never()
    with pytest.raises(UserError, match=r"3 x 224 x 224: not that"):
        load_model(network)
    assert all(shape.numel() <= shape[0] * 2**24 for shape in network.given)
    assert {shape[2] for shape in network.given if shape[1] in (1, 3, 4)} == set(COMMON_SIDES)
    assert {tuple(shape[1:]) for shape in network.given if shape[1] not in (1, 3, 4)} == {
        (64, 224, 224),
        (100, 224, 224),
    }
