"""Decode: the square that a network's weights want, as torchvision and timm cut it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from timm.data import create_transform
from torchvision.models import AlexNet_Weights, ConvNeXt_Tiny_Weights, ResNet50_Weights, Swin_T_Weights, WeightsEnum

from mindseye.models.torchvision import find_torchvision
from mindseye.photos.decode import View, decode
from mindseye.photos.depth import UndecodableError
from mindseye.preprocessing import Preprocessing, identity

ASTRONAUT = data.astronaut()[:, 100:400]


def random_photo(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(width * height).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("alexnet", AlexNet_Weights.DEFAULT),
        ("resnet50", ResNet50_Weights.DEFAULT),
        ("swin_t", Swin_T_Weights.DEFAULT),
        ("convnext_tiny", ConvNeXt_Tiny_Weights.DEFAULT),
    ],
)
@pytest.mark.parametrize(
    "photo", [ASTRONAUT, random_photo(301, 257), random_photo(90, 500)], ids=["tall", "odd", "thin"]
)
def test_like_torchvision(name: str, weights: WeightsEnum, photo: np.ndarray) -> None:
    """Resize, crop and normalisation of the weights' own transforms, to the bit."""
    preprocessing = find_torchvision(name).preprocessing
    seen = preprocessing.normalise(decode(photo, View(preprocessing, preprocessing.size))[None] / 255)
    assert torch.equal(seen[0], weights.transforms()(Image.fromarray(photo)))


@pytest.mark.parametrize("crop", ["center", "squash", "border"])
@pytest.mark.parametrize("share", [0.875, 1.0, 1.15])
@pytest.mark.parametrize(
    "photo", [ASTRONAUT, random_photo(301, 257), random_photo(90, 500)], ids=["tall", "odd", "thin"]
)
def test_like_timm(crop: str, share: float, photo: np.ndarray) -> None:
    """timm's three crop modes, also where the crop is larger than the photo, to the bit."""
    mean, std = (0.5, 0.4, 0.3), (0.5, 0.5, 0.5)
    transform = create_transform(64, interpolation="bicubic", mean=mean, std=std, crop_pct=share, crop_mode=crop)
    preprocessing = Preprocessing(mean, std, 64, int(64 / share), "bicubic", crop=crop)
    seen = preprocessing.normalise(decode(photo, View(preprocessing, 64))[None] / 255)
    assert torch.equal(seen[0], transform(Image.fromarray(photo)))


def test_files_and_arrays_are_the_same(tmp_path: Path) -> None:
    """A lossless file gives what its pixels give."""
    Image.fromarray(ASTRONAUT).save(tmp_path / "a.png")
    view = View(identity(3, 50), 50)
    assert torch.equal(decode(str(tmp_path / "a.png"), view), decode(ASTRONAUT, view))


def test_another_side_keeps_the_proportion() -> None:
    """Twice the side sees the same part of the photo: averaged down, it is the same picture."""
    preprocessing = Preprocessing((0.0,) * 3, (1.0,) * 3, 32, 40)
    small, large = (decode(ASTRONAUT, View(preprocessing, side)).float() for side in (32, 64))
    assert large.shape == (3, 64, 64)
    assert (torch.nn.functional.avg_pool2d(large, 2) - small).abs().mean() < 6


@pytest.mark.parametrize("shape", [(20, 20), (20, 20, 1), (20, 20, 3), (20, 20, 4)])
@pytest.mark.parametrize("channels", [1, 3])
def test_grey_and_colour(shape: tuple[int, ...], channels: int) -> None:
    """Grey becomes three equal channels; colour becomes its luminance; opaque alpha changes nothing."""
    photo = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    if shape[-1] == 4:
        photo[..., 3] = 255
    seen = decode(photo, View(identity(channels, 20), 20, channels)).float()
    colours = torch.from_numpy(np.atleast_3d(photo)[..., :3].astype(np.float32)).permute(2, 0, 1).expand(3, 20, 20)
    luminance = (colours * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(0, keepdim=True)
    assert seen.shape == (channels, 20, 20)
    assert ((colours if channels == 3 else luminance) - seen).abs().max() <= (0 if channels == 3 else 1)


def test_seven_bands() -> None:
    """Each band is resized as a grey image of its own would be."""
    photo = np.random.default_rng(0).integers(0, 256, (30, 40, 7), np.uint8)
    view = View(Preprocessing((0.0,) * 7, (1.0,) * 7, 16, 20, "bicubic"), 16, 7)
    alone = View(Preprocessing((0.0,), (1.0,), 16, 20, "bicubic"), 16, 1)
    seen = decode(photo, view)
    assert seen.shape == (7, 16, 16)
    assert torch.equal(seen, torch.cat([decode(photo[..., band], alone) for band in range(7)]))


def test_channels_that_do_not_fit_are_named(tmp_path: Path) -> None:
    """Files for a network of seven channels, arrays of two: refused, with both numbers."""
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    seven, three = View(identity(7, 8), 8, 7), View(identity(3, 8), 8)
    with pytest.raises(
        UndecodableError, match="has no 7 bands, which the model takes; give TIFFs of 7 bands, or arrays"
    ):
        decode(str(tmp_path / "a.png"), seven)
    with pytest.raises(UndecodableError, match="3 bands, and the model takes 7"):
        decode(np.zeros((8, 8, 3), np.uint8), seven)
    with pytest.raises(UndecodableError, match="2 bands is neither"):
        decode(np.zeros((8, 8, 2), np.uint8), three)


def test_elongated_photo_does_not_fill_the_memory() -> None:
    """A line of a million pixels would be 50 gigapixels once its height is 224."""
    with pytest.raises(UndecodableError, match="too elongated: 1000000 x 1"):
        decode(np.zeros((1, 1_000_000), np.uint8), View(identity(3, 224), 224))
