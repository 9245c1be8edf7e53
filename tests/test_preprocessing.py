"""Preprocessing: the scale of the values, and what a model may state about it."""

import json

import pytest
import torch
from torchvision.transforms.v2 import functional

from mindseye.errors import UserError
from mindseye.preprocessing import Preprocessing, from_mapping, identity

IMAGENET = Preprocessing((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), size=224, resize=232)


def test_normalise_is_torchvisions() -> None:
    """The same numbers as torchvision's normalize, to the bit."""
    rgb = torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    expected = functional.normalize(rgb, list(IMAGENET.mean), list(IMAGENET.std))
    assert torch.equal(IMAGENET.normalise(rgb), expected)


def test_normalise_passes_gradients_and_keeps_precision() -> None:
    """The gradient of x -> (x - mean) / std is 1 / std; half precision stays half."""
    rgb = torch.rand(1, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    IMAGENET.normalise(rgb).sum().backward()
    assert rgb.grad is not None
    torch.testing.assert_close(rgb.grad[0, :, 0, 0], 1 / torch.tensor(IMAGENET.std, dtype=torch.float64))
    assert IMAGENET.normalise(rgb.detach().bfloat16()).dtype == torch.bfloat16


def test_resize_keeps_the_weights_proportion() -> None:
    """The weights' own numbers at their own size, in proportion elsewhere."""
    assert IMAGENET.resize_for(224) == 232
    assert IMAGENET.resize_for(448) == 464
    assert IMAGENET.resize_for(100) == 104


def test_describe_is_plain_and_whole() -> None:
    """A manifest can keep it as JSON, and every field is in it."""
    described = json.loads(json.dumps(IMAGENET.describe()))
    assert described["mean"] == list(IMAGENET.mean)
    assert Preprocessing(**described | {"mean": tuple(described["mean"]), "std": tuple(described["std"])}) == IMAGENET


def test_identity_changes_nothing_and_says_so() -> None:
    """A model that states nothing sees values in [0, 1], and the report tells."""
    rgb = torch.rand(1, 7, 3, 3)
    assert torch.equal(identity(7, 64).normalise(rgb), rgb)
    assert "states none" in identity(7, 64).describe()["source"]


def test_mapping_fills_what_is_left_open() -> None:
    """A single mean counts for all channels; a stated size is also the resize."""
    stated = from_mapping({"mean": 0.5, "std": [0.25], "size": 32}, identity(3, 224))
    assert stated.mean == (0.5,) * 3
    assert stated.std == (0.25,) * 3
    assert (stated.size, stated.resize, stated.interpolation) == (32, 32, "bilinear")


@pytest.mark.parametrize(
    ("stated", "named"),
    [
        ({"means": 0.5}, "unknown key 'means'"),
        ({"mean": [0.1, 0.2]}, "2 means do not go with 3"),
        ({"std": 0.0}, "must be above zero"),
        ({"mean": "grey"}, "could not convert"),
        ({"size": 0}, "at least 1 px"),
        ({"interpolation": "nearest"}, "'nearest' is none of"),
        ({"crop": "random"}, "'random' is none of"),
    ],
)
def test_nonsense_is_named(stated: dict[str, object], named: str) -> None:
    """Each contradiction in what a model states gives one line that names it."""
    with pytest.raises(UserError, match=named):
        from_mapping(stated, identity(3, 224))
