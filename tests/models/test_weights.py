"""Weights that people really have: other precisions, without a shape or memory yet, of no ordinary kind."""

import copy
from pathlib import Path

import pytest
import torch
from small_networks import Does, plain
from torch import nn

from mindseye.errors import UserError
from mindseye.models.load import digest, load_model
from mindseye.models.placement import put_channels_last, weights_dtype

BODY = plain()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_brought_to_float32(dtype: torch.dtype) -> None:
    """The same numbers, in float32, with a line; a module that was given is left as it is."""
    given = plain().to(dtype)
    model = load_model(given)
    assert given[0].weight.dtype == dtype
    assert weights_dtype(model.network) == torch.float32
    assert torch.equal(model.network[0].weight, given[0].weight.float())
    assert model.findings.notes == (f"its weights are {str(dtype)[6:]}: they were brought to float32",)


def test_first_parameter_is_no_float(tmp_path: Path) -> None:
    """Whole numbers, complex ones or a sparse buffer in front: the images are float32 all the same, and a digest is had."""

    class Odd(nn.Module):
        def __init__(self, first: torch.Tensor) -> None:
            super().__init__()
            self.first = nn.Parameter(first, requires_grad=False)
            self.register_buffer("graph", torch.eye(4).to_sparse())
            self.body = plain()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.body(x)

    digests = set()
    for first in (
        torch.ones(3, dtype=torch.int8),
        torch.ones(3, dtype=torch.complex64),
        torch.zeros(3, dtype=torch.complex64),
    ):
        network = Odd(first)
        network.body = copy.deepcopy(BODY)
        assert load_model(network).findings.dtype == "float32"
        digests.add(digest(network))
    assert len(digests) == 3


def test_quantised_weights_have_a_digest() -> None:
    """Packed weights count too: two networks that differ in them only are two."""
    first, second = (torch.ao.quantization.quantize_dynamic(copy.deepcopy(net), {nn.Linear}) for net in (BODY, plain()))
    second[0].load_state_dict(first[0].state_dict())
    assert digest(first) != digest(second)
    assert load_model(first).findings.outputs == 10


def test_lazy_modules_get_their_shapes_from_the_right_images() -> None:
    """Also where a first trial with another size fails, and the same random weights each time."""

    def build() -> nn.Module:
        torch.manual_seed(int(torch.randint(0, 99, ())))
        net = nn.Sequential(nn.LazyConv2d(4, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.LazyLinear(7))
        net.image_size = 24
        return net

    first, second = load_model(build()), load_model(build())
    assert first.network[3].in_features == 4 * 12 * 12
    assert torch.equal(first.network[3].weight, second.network[3].weight)
    assert "lazy weights got their shapes from images of 3 x 24 x 24" in first.findings.notes[0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_lazy_modules_in_another_precision(dtype: torch.dtype) -> None:
    """Those that have no shape yet are brought to float32 with the others; a module that was given stays lazy."""
    given = nn.Sequential(nn.LazyConv2d(4, 3, 2, 1), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(7)).to(dtype)
    model = load_model(given, size=32)
    assert nn.parameter.is_lazy(given[0].weight)
    assert given[0].weight.dtype == dtype
    assert {tensor.dtype for tensor in model.network.parameters()} == {torch.float32}
    assert model.network[3].in_features == 4 * 16 * 16
    assert model.findings.notes == (
        "its lazy weights got their shapes from images of 3 x 32 x 32",
        f"its weights are {str(dtype)[6:]}: they were brought to float32",
    )


def test_a_trial_leaves_lazy_modules_as_they_were() -> None:
    """A size that is refused only behind the lazy weights gives these no shape."""

    class Late(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line = nn.LazyLinear(7)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            scores = self.line(x.flatten(1))
            if x.shape[-1] != 32:
                raise ValueError("32 px only")
            return scores

    assert load_model(Late()).network.line.in_features == 3 * 32 * 32


def test_lazy_modules_take_a_checkpoint(tmp_path: Path) -> None:
    """Weights come first: what they do not bring gets its shape from a pass."""
    (tmp_path / "net.py").write_text(
        "from torch import nn\ndef build(): return nn.Sequential(nn.LazyConv2d(8, 3, 2, 1), nn.ReLU(), "
        "nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(10))\n"
    )
    torch.save(BODY.state_dict(), tmp_path / "w.pt")
    model = load_model(f"{tmp_path / 'net.py'}:build", checkpoint=tmp_path / "w.pt", size=32)
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(model.network(images), BODY(images))


def test_meta_device(tmp_path: Path) -> None:
    """Weights without memory come from a checkpoint; without one, or where it leaves a buffer out, the tensor is named."""
    (tmp_path / "net.py").write_text(
        "import torch\nfrom torch import nn\n"
        "def build(more=False):\n    with torch.device('meta'):\n"
        "        net = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1),"
        " nn.Flatten(), nn.Linear(8, 10))\n"
        "        if more: net.register_buffer('grid', torch.zeros(2), persistent=False)\n    return net\n"
        "def more(): return build(True)\n"
    )
    torch.save(BODY.state_dict(), tmp_path / "w.pt")
    with pytest.raises(
        UserError, match=r"no weights in memory, '0.weight' and 3 more on the meta device.*--checkpoint"
    ):
        load_model(f"{tmp_path / 'net.py'}:build")
    model = load_model(f"{tmp_path / 'net.py'}:build", checkpoint=tmp_path / "w.pt", size=32)
    assert torch.equal(model.network[0].weight, BODY[0].weight)
    with pytest.raises(UserError, match="'grid' on the meta device: the checkpoint does not hold it"):
        load_model(f"{tmp_path / 'net.py'}:more", checkpoint=tmp_path / "w.pt", size=32)


def test_a_forward_that_casts_is_left_in_its_precision() -> None:
    """Half weights behind x.half() stay half, beside float32 ones too; an odd part that does not work is brought to float32."""
    network = Does(lambda net, x: net.body(x.half()), plain().half())
    model = load_model(network, size=32)
    assert model.network is network
    assert model.findings.dtype == "float16"
    kept = "its weights are {}, and its forward casts: it computes in these, less exactly than in float32"
    assert model.findings.notes == (kept.format("float16"),)
    head = nn.Linear(10, 3)
    network = Does(lambda net, x: head(net.body(x.half()).float()), plain().half())
    network.head = head
    model = load_model(network, size=32)
    assert (model.findings.dtype, model.findings.notes) == ("float32", (kept.format("float16, float32"),))
    mixed = plain()
    mixed[4].weight = nn.Parameter(mixed[4].weight.to(torch.float8_e4m3fn), requires_grad=False)
    model = load_model(mixed, size=32)
    assert mixed[4].weight.dtype == torch.float8_e4m3fn
    assert torch.equal(model.network[4].weight, mixed[4].weight.float())
    assert model.findings.notes == ("its weights are float32, float8_e4m3fn: they were brought to float32",)


def test_weights_made_under_inference_mode() -> None:
    """Gradients pass through a copy of a network that was made so, or whose lazy weights got their shapes there."""

    def infers(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return net.body(x).clone()

    with torch.inference_mode():
        given = plain()
    model = load_model(given, size=32)
    assert given[0].weight.is_inference()
    assert torch.equal(model.network[0].weight, given[0].weight)
    pixels = torch.rand(1, 3, 32, 32, requires_grad=True)
    (gradient,) = torch.autograd.grad(model.network(pixels).square().sum(), pixels)
    assert gradient.any()
    lazy = load_model(Does(infers, nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(2))), size=32)
    assert not any(tensor.is_inference() for tensor in lazy.network.parameters())


def test_channels_last_where_there_are_volumes() -> None:
    """Weights of two-dimensional convolutions are laid out anew, those of three-dimensional ones stay, no value changes."""
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Unflatten(1, (4, 2)), nn.Conv3d(4, 8, 3))
    network.register_buffer("graph", torch.eye(3).to_sparse())
    before = copy.deepcopy(network)
    put_channels_last(network)
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert network[2].weight.is_contiguous()
    assert torch.equal(network[0].weight, before[0].weight)
    ordinary = plain()
    put_channels_last(ordinary)
    assert ordinary[0].weight.is_contiguous(memory_format=torch.channels_last)
