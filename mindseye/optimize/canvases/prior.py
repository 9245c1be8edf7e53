"""A learned prior: a decoder of the user's own that maps a latent to pictures."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from mindseye.errors import UserError, one_line
from mindseye.models.custom import load_custom

ARCHIVES = (".pt", ".ts")
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Prior:
    """A frozen decoder. decode: latent [pictures, *latent] to pictures [pictures, channels, any, any] in [0, 1]."""

    name: str
    decode: nn.Module
    latent: tuple[int, ...]

    def to(self, device: torch.device) -> "Prior":
        """The same on a device."""
        return Prior(self.name, self.decode.to(device), self.latent)


def load_prior(spec: str, latent: Sequence[int], channels: int) -> Prior:
    """The decoder that a recipe names, frozen and in evaluation mode, tried once on a random latent.

    Args:
        spec: ``file.py:factory`` or ``package.module:factory``, called without arguments, or a TorchScript archive.
        latent: shape of one picture's latent, where the decoder has no attribute ``latent_shape``.
        channels: of the pictures that it must give.

    Raises:
        UserError: if it cannot be loaded, says no shape of its latent, fails on it, or gives no pictures in [0, 1].
    """
    name, decode = _archive(Path(spec)) if spec.endswith(ARCHIVES) else load_custom(spec)
    decode.eval()
    for parameter in decode.parameters():
        parameter.requires_grad_(False)
    stated = getattr(decode, "latent_shape", None) or tuple(latent)
    shape = (stated,) if isinstance(stated, int) else tuple(stated)
    if not shape or not all(isinstance(extent, int) and extent > 0 for extent in shape):
        raise UserError(f"the prior {spec!r} has no latent_shape; give one, such as --set latent=[128]")
    prior = Prior(name, decode, shape)
    _try(prior, channels)
    return prior


def _archive(path: Path) -> tuple[str, nn.Module]:
    if not path.is_file():
        raise UserError(f"no file {str(path)!r}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript has a successor, but the archives are there
            return path.stem, torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]
    except Exception as error:  # a damaged archive fails in many ways
        raise UserError(f"{str(path)!r} is no TorchScript archive: {one_line(error)}") from error


def _try(prior: Prior, channels: int) -> None:
    own = next(prior.decode.parameters(), torch.empty(0))
    latent = torch.randn(2, *prior.latent, generator=torch.Generator().manual_seed(0)).to(own.device)
    try:
        with torch.no_grad():
            pictures = prior.decode(latent)
    except Exception as error:  # the user's own code
        shape = list(prior.latent)
        raise UserError(f"the prior {prior.name} fails on a latent of shape {shape}: {one_line(error)}") from error
    if not isinstance(pictures, Tensor) or pictures.ndim != 4 or pictures.shape[-1] != pictures.shape[-2]:
        told = list(pictures.shape) if isinstance(pictures, Tensor) else type(pictures).__name__
        raise UserError(f"the prior {prior.name} gives {told}, not pictures [pictures, channels, side, side]")
    if tuple(pictures.shape[:2]) != (2, channels):
        raise UserError(
            f"the prior {prior.name} gives {pictures.shape[0]} pictures of {pictures.shape[1]} channels for 2 latents; "
            f"the model takes {channels}"
        )
    low, high = float(pictures.min()), float(pictures.max())
    if not (low >= -TOLERANCE and high <= 1 + TOLERANCE):
        raise UserError(f"the prior's pictures must be in [0, 1]; {prior.name} gives {low:.3g} to {high:.3g}")
