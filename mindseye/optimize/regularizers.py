"""Regularizers: what smooths or measures an image, and what weighs its gradient."""

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from mindseye.errors import UserError

TRUNCATE = 3.0


def gaussian_blur(images: Tensor, sigma: float) -> Tensor:
    """Blur images with a Gaussian that is cut off at three sigma; beyond its edges an image is mirrored.

    Args:
        images: [B, C, H, W], floating point.
        sigma: standard deviation in px, zero or more; below 1/6 the images come back as they are.

    Raises:
        UserError: if sigma is negative, infinite or NaN.
    """
    if not 0 <= sigma < float("inf"):
        raise UserError(f"blur sigma must be zero or more and finite, not {sigma}")
    # A mirror shows no more than the image behind it.
    height, width = (2 * min(int(TRUNCATE * sigma + 0.5), extent - 1) + 1 for extent in images.shape[-2:])
    if height == width == 1:
        return images
    blurred: Tensor = transforms.gaussian_blur_image(images, kernel_size=[width, height], sigma=[sigma, sigma])
    return blurred


def centre_mask(side: int, sigma_share: float, device: torch.device | None = None) -> Tensor:
    """A Gaussian around the centre of a square, ``exp(-d^2 / (2 sigma^2))``, [1, 1, side, side] in (0, 1].

    Stergiou (ICIP 2021), the mask on the gradient. The centre is at ``(side - 1) / 2``: on a pixel where side is odd,
    between four of them where it is even.

    Args:
        side: side of the square in px.
        sigma_share: sigma as a share of the side, above 0.
        device: where the mask is made.

    Raises:
        UserError: if side or sigma_share is not above 0.
    """
    if side < 1 or not sigma_share > 0:
        raise UserError(f"a mask needs a side and a sigma above 0, not {side} px and {sigma_share}")
    offset = torch.arange(side, dtype=torch.float32, device=device) - (side - 1) / 2
    profile = torch.exp(-0.5 * (offset / (sigma_share * side)).square())
    return (profile[:, None] * profile)[None, None]


def total_variation(images: Tensor) -> Tensor:
    """Anisotropic total variation per image, [B]: how much a value differs from its right and from its lower neighbour.

    The mean of ``|x[r, c+1] - x[r, c]|`` over all channels and all pairs side by side, plus the mean of
    ``|x[r+1, c] - x[r, c]|`` over all pairs one above the other: two means, added, so that neither the size nor the
    shape of an image matters. An image of a single row or column has no pairs in that direction, and 0 there.

    Args:
        images: [B, C, H, W], floating point.
    """
    across, down = images.diff(dim=-1).abs(), images.diff(dim=-2).abs()
    return _mean(across) + _mean(down)


def blend(old: Tensor, new: Tensor, mask: Tensor) -> Tensor:
    """``old`` where the mask is 0, ``new`` where it is 1, and between them in proportion; the mask is broadcast."""
    return torch.lerp(old, new, mask.to(old))


def brighten(images: Tensor, amount: float) -> Tensor:
    """Images [B, C, H, W] with an amount (1 = from black to white) added everywhere, kept within [0, 1]."""
    return (images + amount).clamp(0.0, 1.0)


def _mean(pairs: Tensor) -> Tensor:
    flat = pairs.flatten(1)
    return flat.sum(1) / max(flat.shape[1], 1)
