"""Models by name: what the libraries know about them comes along, and mistakes are named."""

import sys

import pytest
import timm
import torch
import torchvision
from torch import nn
from torchvision.models import Inception_V3_Weights, ViT_B_16_Weights, get_model_weights

from mindseye.errors import UserError
from mindseye.labels import imagenet_labels
from mindseye.models.load import find_library_model, load_model
from mindseye.models.timm import timm_preprocessing
from mindseye.models.torchvision import torchvision_names


@pytest.mark.parametrize(
    ("name", "fixed"),
    [
        ("resnet18", False),
        ("squeezenet1_1", False),
        ("swin_t", False),
        ("vit_b_16", True),
        ("timm/vit_tiny_patch16_224", True),
        ("timm/deit_tiny_patch16_224", True),
        ("timm/convnext_atto", False),
    ],
)
def test_untrained_networks(name: str, fixed: bool) -> None:
    """Frozen, in evaluation mode, with names for its outputs; whether other sizes are taken is found out."""
    model = load_model(name, weights="none")
    assert (model.name, model.weights, model.in_channels) == (name, "none", 3)
    assert not model.network.training
    assert not any(parameter.requires_grad for parameter in model.network.parameters())
    assert model.labels == imagenet_labels()
    assert model.preprocessing.fixed_size is fixed
    assert model.network(torch.zeros(1, 3, 224, 224)).shape == (1, 1000)
    if not fixed:
        assert model.network(torch.zeros(1, 3, 192, 192)).shape == (1, 1000)


def test_every_torchvision_network_has_a_blueprint() -> None:
    """All weights of all classification networks: preprocessing as their transforms say, no download."""
    for name in torchvision_names():
        for entry in get_model_weights(name):
            preprocessing = find_library_model(name, entry.name).preprocessing
            transforms = entry.transforms()
            assert [preprocessing.size, preprocessing.resize] == [*transforms.crop_size, *transforms.resize_size]
            assert list(preprocessing.mean) == transforms.mean
            assert preprocessing.interpolation == transforms.interpolation.value
            assert str(entry) in preprocessing.source


def test_every_timm_preprocessing_is_understood() -> None:
    """All pretrained timm networks but the one family that takes no squares, which is named."""
    refused = set()
    for name in timm.list_models(pretrained=True):
        config = timm.get_pretrained_cfg(name).to_dict()
        if len(set(config["input_size"][1:])) > 1:
            refused.add(name.rpartition("_")[2])
            with pytest.raises(UserError, match="only squares"):
                timm_preprocessing(config, name)
        else:
            assert timm_preprocessing(config, name).crop == (config.get("crop_mode") or "center")
    assert refused <= {"sapiens2.fb"}


def test_timm_numbers() -> None:
    """crop_pct becomes the resize as timm's own transform does it: floor(size / crop_pct)."""
    preprocessing = find_library_model("timm/vit_tiny_patch16_224").preprocessing
    assert (preprocessing.size, preprocessing.resize, preprocessing.mean) == (224, 248, (0.5, 0.5, 0.5))
    larger = find_library_model("timm/vit_tiny_patch16_224.augreg_in21k")
    assert larger.labels is not None
    assert larger.wnids is not None
    assert len(larger.labels) == len(larger.wnids) == 21843
    assert larger.weights == "augreg_in21k"


def test_weights_change_the_preprocessing() -> None:
    """ResNet-50's two sets of weights were made for photos resized to 256 and 232 px."""
    assert find_library_model("resnet50", "IMAGENET1K_V1").preprocessing.resize == 256
    assert find_library_model("resnet50", "ResNet50_Weights.IMAGENET1K_V2").preprocessing.resize == 232
    assert find_library_model("ResNet50").weights == "IMAGENET1K_V2"


def test_what_torchvision_sets_along_with_weights_is_set_without() -> None:
    """Untrained networks and checkpoints are built as trained ones are: Inception's own scaling, a ViT's image size."""
    assert find_library_model("inception_v3").build(None).transform_input
    assert Inception_V3_Weights.DEFAULT.transforms().mean == [0.485, 0.456, 0.406]
    large = ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1
    assert find_library_model("vit_b_16", large.name).build(None).image_size == large.transforms().crop_size[0] == 384


def test_unknown_names_come_with_near_ones() -> None:
    """What was probably meant, from both libraries."""
    with pytest.raises(UserError, match=r"no model 'resnet5'; did you mean .*resnet50.*timm/resnet"):
        load_model("resnet5")
    with pytest.raises(UserError, match="did you mean 'timm/vit_tiny_patch16_224"):
        load_model("vit_tiny_patch16_224")
    with pytest.raises(UserError, match=r"timm has no network 'resnet50x'; did you mean .*resnet50"):
        load_model("timm/resnet50x")
    with pytest.raises(UserError, match="no weights 'V1'; it has IMAGENET1K_V1, IMAGENET1K_V2 and none"):
        load_model("resnet50", weights="V1")
    with pytest.raises(UserError, match="timm/resnet18 has no weights 'V1'; it has a1_in1k"):
        load_model("timm/resnet18", weights="V1")
    with pytest.raises(UserError, match="timm/mixer_s16_224 has no trained weights"):
        load_model("timm/mixer_s16_224")


def test_only_classifiers_are_offered() -> None:
    """A detector is no model here; its name leads to a classifier."""
    assert "fasterrcnn_resnet50_fpn" in torchvision.models.list_models()
    with pytest.raises(UserError, match="no model 'fasterrcnn_resnet50_fpn'"):
        load_model("fasterrcnn_resnet50_fpn")


def test_without_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    """timm is an extra: its names say what to install, and torchvision's go on working."""
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UserError, match="needs timm: pip install timm"):
        load_model("timm/resnet18")
    with pytest.raises(UserError, match="no model 'resnet5'; did you mean 'resnet50"):
        load_model("resnet5")
    assert load_model("squeezenet1_1", weights="none").name == "squeezenet1_1"


def test_given_module_is_left_as_it_is() -> None:
    """Name and weights say that it was given; modes, flags and statistics stay the user's."""

    class Small(nn.Sequential):
        pass

    body = Small(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    body.train()
    before = {name: tensor.clone() for name, tensor in body.state_dict().items()}
    model = load_model(body)
    assert (model.name, model.weights, model.in_channels) == ("Small", "as given", 1)
    assert model.network is body
    assert all(module.training for module in body.modules())
    assert all(parameter.requires_grad for parameter in body.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in body.state_dict().items())
    with pytest.raises(UserError, match="load them into the module"):
        load_model(body, weights="IMAGENET1K_V1")


def test_given_timm_network_keeps_its_preprocessing() -> None:
    """A network that was made with timm states its preprocessing itself."""
    body = timm.create_model("test_vit", pretrained=False)
    preprocessing = load_model(body).preprocessing
    assert preprocessing.size == body.pretrained_cfg["input_size"][-1]
    assert preprocessing.mean == tuple(body.pretrained_cfg["mean"])


def test_a_file_without_a_factory_is_told_how_to_name_one() -> None:
    with pytest.raises(
        UserError, match=r"'nets/zoo\.py' is a file: name what in it gives the network, nets/zoo\.py:FACTORY$"
    ):
        load_model("nets/zoo.py")
