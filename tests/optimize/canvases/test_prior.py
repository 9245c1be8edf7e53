"""A learned prior: loaded from the user's file or a TorchScript archive, checked, frozen, and painted through."""

import pytest
import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.optimize.canvases.latent import Latent
from mindseye.optimize.canvases.prior import load_prior

FILE = """
import torch
from torch import nn

class Decoder(nn.Module):
    latent_shape = (4, 2)

    def __init__(self, channels=3, gain=1.0):
        super().__init__()
        self.channels, self.gain = channels, gain
        self.linear = nn.Linear(8, channels * 64)
        self.drop = nn.Dropout(0.5)

    def forward(self, latent):
        pictures = self.linear(self.drop(latent.flatten(1))).view(-1, self.channels, 8, 8)
        return self.gain * pictures.sigmoid()

def decoder():
    return Decoder()

def seven():
    return Decoder(7)

def bright():
    return Decoder(gain=3.0)

def shapeless():
    made = Decoder()
    made.latent_shape = None
    return made

def flat():
    return nn.Linear(2, 2)

class Flat(nn.Module):
    latent_shape = 6

    def forward(self, latent):
        return latent

def vector():
    return Flat()
"""


class Scripted(nn.Module):
    """Written down as TorchScript, without a word about its latent."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(5, 48)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return self.linear(latent).view(-1, 3, 4, 4).sigmoid()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "gan.py"
    path.write_text(FILE)
    return path


def test_a_file_gives_a_frozen_decoder(file):
    """In evaluation mode, without gradients of its own; only the latent moves."""
    prior = load_prior(f"{file}:decoder", (), 3)
    assert prior.latent == (4, 2)
    assert not prior.decode.training
    assert not any(parameter.requires_grad for parameter in prior.decode.parameters())
    canvas = Latent(torch.zeros(2, 4, 2), prior, 8)
    assert torch.equal(canvas.render(), prior.decode(canvas.latent))
    assert canvas.parameters == [canvas.latent]
    assert load_prior(f"{file}:seven", (), 7).decode.channels == 7


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_an_archive_wants_the_shape_of_its_latent(tmp_path):
    """TorchScript, with the latent's shape from the recipe."""
    path = tmp_path / "decoder.ts"
    torch.jit.script(Scripted()).save(str(path))
    prior = load_prior(str(path), (5,), 3)
    assert Latent(torch.zeros(2, 5), prior, 16).render().shape == (2, 3, 16, 16)
    with pytest.raises(UserError, match="latent="):
        load_prior(str(path), (), 3)


@pytest.mark.parametrize(
    ("factory", "latent", "channels", "told"),
    [
        ("bright", (), 3, r"in \[0, 1\]"),
        ("decoder", (), 1, "3 channels .* takes 1"),
        ("shapeless", (), 3, "latent_shape"),
        ("flat", (3,), 3, "fails on a latent"),
        ("vector", (), 3, "not pictures"),
        ("none", (), 3, "has no 'none'"),
    ],
)
def test_what_is_no_prior_is_refused(file, factory, latent, channels, told):
    """Wrong range, channels, shape; a decoder that fails; a name that is not there."""
    with pytest.raises(UserError, match=told) as raised:
        load_prior(f"{file}:{factory}", latent, channels)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [None, b"nothing", b""])
def test_a_missing_or_damaged_archive_is_named(tmp_path, content):
    """No file, or one that is no TorchScript."""
    path = tmp_path / "broken.pt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match="broken"):
        load_prior(str(path), (5,), 3)
