"""Kinds of modules that people really give: what is done to each, or the line that refuses it."""

import copy
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.layers.output import find_output
from mindseye.models.inputs import COMMON_SIDES
from mindseye.models.load import digest, load_model
from mindseye.models.placement import put_channels_last, weights_dtype


def plain(planes: int = 3, classes: int = 10) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(planes, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes)
    )


def small(planes: int = 3, side: int = 32) -> nn.Sequential:
    """Takes images of one size only."""
    return nn.Sequential(nn.Conv2d(planes, 4, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * (side // 2) ** 2, 5))


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


BODY = plain()


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


def test_torchscript_and_exported_programs_are_refused() -> None:
    """Their layers cannot be read: one line each, with what to give instead."""
    for program in (torch.jit.script(plain()), torch.jit.trace(plain().eval(), torch.zeros(2, 3, 32, 32))):
        with pytest.raises(UserError, match=r"is TorchScript, whose layers cannot be read: give the torch\.nn\.Module"):
            load_model(program)
    program = torch.export.export(plain().eval(), (torch.zeros(2, 3, 32, 32),)).module()
    with pytest.raises(UserError, match=r"is a program of torch\.export.*that it was exported from"):
        load_model(program)
    assert load_model(torch.fx.symbolic_trace(plain())).findings.outputs == 10


def test_eval_and_train_that_give_nothing_back(tmp_path: Path) -> None:
    """A train() that forgets to return the module."""
    (tmp_path / "net.py").write_text(
        "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))\n"
        "    def train(self, mode=True):\n        super().train(mode)\n    def forward(self, x): return self.body(x).mean((2, 3))\n"
    )
    model = load_model(f"{tmp_path / 'net.py'}:Net", size=32)
    assert not any(module.training for module in model.network.modules())


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


def test_findings() -> None:
    """What the probe says of networks whose truth is known, as plain values."""

    class Mixes(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x - x.mean((0, 2, 3), keepdim=True)).square().mean((2, 3))

    class Draws(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean((2, 3)) + torch.rand(len(x), 3)

    class Remembers(nn.Module):
        seen = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.seen += 1
            return x.mean((2, 3)) * self.seen

    class Detached(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x *= 2
            return x.detach().mean((2, 3))

    first = load_model(plain(), size=32).findings.as_dict()
    assert first == {
        "in_channels": 3,
        "size": 32,
        "fixed_size": False,
        "outputs": 10,
        "dtype": "float32",
        "takes_batches": True,
        "independent": True,
        "deterministic": True,
        "steady": True,
        "gradient": True,
        "writes_input": False,
        "notes": [],
    }
    for network, changed in (
        (Mixes(), {"independent": False}),
        (Draws(), {"deterministic": False}),
        (Remembers(), {"deterministic": False, "steady": False}),
        (Detached(), {"gradient": False, "writes_input": True}),
    ):
        found = load_model(network, size=32).findings.as_dict()
        assert {key: value for key, value in found.items() if value != first[key]} == changed | {"outputs": 3}
    assert "answers depend on the images beside" in load_model(Mixes(), size=32).findings.describe()


class Does(nn.Module):
    """A network whose forward is a function of itself and the images."""

    def __init__(self, forward: Callable[[nn.Module, torch.Tensor], object], body: nn.Module | None = None) -> None:
        super().__init__()
        self.body, self.does = body or plain(), forward

    def forward(self, x: torch.Tensor) -> object:
        return self.does(self, x)


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


def test_outputs_that_hold_nothing() -> None:
    """None, arrays and class indices are no scores; the network takes two images all the same."""
    for forward in (
        lambda net, x: net.body(x) is None or None,
        lambda net, x: net.body(x).detach().numpy(),
        lambda net, x: net.body(x).argmax(1),
    ):
        found = load_model(Does(forward), size=32).findings
        assert (found.outputs, found.takes_batches, found.dtype) == (None, True, "none")
    assert load_model(Does(lambda net, x: net.body(x).mean()), size=32).findings.outputs is None


def test_a_forward_that_reaches_beyond_the_network() -> None:
    """One that ends the program, or sets PyTorch's precision for everybody, is refused, and what it changed is put back."""

    def ends(net: nn.Module, x: torch.Tensor) -> None:
        sys.exit("no GPU")

    def sets(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
        torch.set_default_dtype(torch.float64)
        return net.body(x)

    with pytest.raises(UserError, match=r"the network's forward ends the program \(no GPU\)"):
        load_model(Does(ends), size=32)
    with pytest.raises(UserError, match=r"changes PyTorch's default precision"):
        load_model(Does(sets), size=32)
    assert torch.get_default_dtype() == torch.float32


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


def test_attributes_that_fail(tmp_path: Path) -> None:
    """A property that raises is the user's code: one line that names the place."""

    class Fails(nn.Sequential):
        @property
        def preprocessing(self) -> None:
            raise RuntimeError("not set")

    with pytest.raises(UserError, match=r"'Fails' fails with RuntimeError: not set \(test_model_kinds.py, line \d+\)"):
        load_model(Fails(plain()), size=32)


def test_labels_that_are_no_list() -> None:
    """An array of names is read; a text or a set, whose order says nothing, is not, and a line says so."""
    network = plain(classes=3)
    network.labels = np.array(["ant", "bee", "wasp"])
    assert load_model(network, size=32).labels == ("ant", "bee", "wasp")
    network.labels = torch.arange(3)
    assert load_model(network, size=32).labels == ("0", "1", "2")
    for labels, kind in (("labels.txt", "str"), ({"ant", "bee", "wasp"}, "set")):
        network.labels = labels
        model = load_model(network, size=32)
        line = f"the attribute labels is a {kind}, no list of names by index: it is not read"
        assert (model.labels, model.findings.notes) == (None, (line,))


@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.optim.swa_utils.AveragedModel])
def test_what_a_wrapped_network_states(wrap: Callable[[nn.Module], nn.Module]) -> None:
    """The attributes of the network inside count."""
    network = plain(classes=3)
    network.labels, network.image_size = ["ant", "bee", "wasp"], 48
    network.preprocessing = {"mean": 0.5, "std": 0.25}
    model = load_model(wrap(network))
    assert (model.labels, model.preprocessing.size) == (("ant", "bee", "wasp"), 48)
    assert (model.preprocessing.mean, model.preprocessing.std) == ((0.5,) * 3, (0.25,) * 3)


def test_a_stated_size_with_planes() -> None:
    """(planes, height, width) and (height, width, planes) state the same side."""
    for stated in ((3, 48, 48), (48, 48, 3), [48, 48], 48):
        network = plain()
        network.input_size = stated
        assert load_model(network).preprocessing.size == 48


def test_a_part_called_preprocessing_is_a_part() -> None:
    """Fixed filters of the network's own, or a transform, that have this name say nothing about mean and deviation."""
    network = nn.Sequential(nn.Conv2d(3, 2, 3))
    network.preprocessing = nn.Hardtanh()
    assert load_model(network, size=32).preprocessing.mean == (0.0,) * 3
    network = nn.Sequential(nn.Conv2d(3, 2, 3))
    network.preprocessing = lambda photo: photo
    assert load_model(network, size=32).preprocessing.std == (1.0,) * 3


def test_remarks() -> None:
    """A line for each finding that is unusual; none for an ordinary network."""

    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if len(x) > 1:
                raise KeyError(len(x))
            x += torch.rand(())
            return x.detach().mean((2, 3))

    assert load_model(plain(), size=32).findings.remarks() == ()
    assert load_model(Odd(), size=32).findings.remarks() == (
        "the network takes no two images at once: it is given one at a time",
        "no gradient reaches the image from the network's output: what lies there is measured, not painted",
    )
    norm = nn.Sequential(nn.BatchNorm2d(3, track_running_stats=False), plain())
    assert load_model(norm, size=32).findings.remarks() == (
        "what the network answers to an image depends on those beside it: images are given to it one at a time",
    )


def test_labels_in_a_dict() -> None:
    """id2label, as many networks have it, with whole numbers or their digits; other keys are refused."""
    network = plain(classes=3)
    network.labels = {2: "wasp", 0: "ant", 1: "bee"}
    assert load_model(network, size=32).labels == ("ant", "bee", "wasp")
    network.labels = {"1": "bee", "0": "ant", "2": "wasp"}
    assert load_model(network, size=32).labels == ("ant", "bee", "wasp")
    network.labels = {"ant": 0, "bee": 1, "wasp": 2}
    with pytest.raises(UserError, match="labels are a dict whose keys are not the indices 0 to 2"):
        load_model(network, size=32)


def test_imports_within_forward_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a network imports when it is first used is found beside its file; the working folder is not left to it."""
    (tmp_path / "beside_it.py").write_text("def pooled(x): return x.mean((2, 3))\n")
    (tmp_path / "net.py").write_text(
        "import os\nfrom pathlib import Path\nfrom torch import nn\nclass Net(nn.Module):\n"
        "    def forward(self, x):\n        from beside_it import pooled\n        return pooled(x)\n"
        "def moves():\n    os.chdir('/')\n    return Net()\n"
        "class Moves(Net):\n    def forward(self, x):\n        os.chdir('/')\n        return super().forward(x)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert load_model("net.py:Net", size=32).findings.outputs == 3
    assert load_model("net.py:moves", size=32).findings.outputs == 3
    assert Path.cwd() == tmp_path
    with pytest.raises(UserError, match="forward changes the working folder"):
        load_model("net.py:Moves", size=32)
    assert Path.cwd() == tmp_path


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


def test_labels_lead_to_the_scores() -> None:
    """Of (features, scores) the labels go with the scores: as many as there are names."""

    class Pair(nn.Module):
        labels = ("ant", "bee", "wasp")

        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = plain(classes=16), nn.Linear(16, 3)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return self.body(x), self.head(self.body(x))

    model = load_model(Pair(), size=32)
    assert (model.labels, model.findings.outputs) == (Pair.labels, 3)
    assert find_output(model.network, 32)[0].address == "output:1"
    Pair.labels = ("ant", "bee")
    with pytest.raises(UserError, match="states 2 labels, but has 16 outputs"):
        load_model(Pair(), size=32)


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
