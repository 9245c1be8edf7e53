"""Regularizers: what smooths or measures an image, and what weighs its gradient."""

import torch
from torch import Tensor
from torch.nn import functional

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
    from torchvision.transforms.v2 import functional as transforms  # takes a second, and few runs need it

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


def variation_norm(images: Tensor, power: float) -> Tensor:
    """Total variation of a power per image, [B]: the mean of ``(dx^2 + dy^2)^(power / 2)`` over channels and pixels.

    Mahendran and Vedaldi, "Understanding Deep Image Representations by Inverting Them" (CVPR 2015), R_{V^beta}. dx and
    dy are the differences to the right and to the lower neighbour; pixels without both do not count. 0 for an image of a
    single row or column.

    Args:
        images: [B, C, H, W], floating point.
        power: beta, at least 1.
    """
    across, down = images.diff(dim=-1)[..., :-1, :], images.diff(dim=-2)[..., :-1]
    squares = across.square() + down.square()
    # Where nothing differs a power below 2 has no finite slope.
    return _mean(squares.clamp_min(torch.finfo(squares.dtype).tiny) ** (power / 2))


def power_norm(images: Tensor, power: float) -> Tensor:
    """How far an image is from mid grey, [B]: the mean of ``|2 (x - 0.5)|^power`` over channels and pixels, in [0, 1].

    Mahendran and Vedaldi (CVPR 2015), the alpha-norm to its power alpha; 1 is L1.

    Args:
        images: [B, C, H, W] in [0, 1].
        power: alpha, at least 1.
    """
    return (2 * (images - 0.5)).abs().pow(power).flatten(1).mean(1)


def bilateral_blur(images: Tensor, sigma: float, brightness: float) -> Tensor:
    """Blur images but for their edges: a neighbour counts the less, the further it is and the more it differs.

    Tomasi and Manduchi, "Bilateral Filtering for Gray and Color Images" (ICCV 1998): weights
    ``exp(-d^2 / (2 sigma^2)) exp(-m^2 / (2 brightness^2))`` with the distance d in px and m^2 the mean over channels of the
    squared difference; cut off at three sigma, mirrored at the edges.

    Args:
        images: [B, C, H, W], floating point.
        sigma: of the distance in px; below 1/6 the images come back as they are.
        brightness: of the difference, above 0.
    """
    reach = int(TRUNCATE * sigma + 0.5)
    height, width = images.shape[-2:]
    rows, columns = min(reach, height - 1), min(reach, width - 1)
    if rows == columns == 0:
        return images
    mirrored = functional.pad(images, (columns, columns, rows, rows), mode="reflect")
    total, weights = torch.zeros_like(images), torch.zeros_like(images[:, :1])
    for row in range(2 * rows + 1):
        for column in range(2 * columns + 1):
            neighbour = mirrored[..., row : row + height, column : column + width]
            distance = ((row - rows) ** 2 + (column - columns) ** 2) / sigma**2
            difference = (neighbour - images).square().mean(1, keepdim=True) / brightness**2
            weight = torch.exp(-0.5 * (distance + difference))
            total += weight * neighbour
            weights += weight
    return total / weights


def normalise(gradient: Tensor) -> Tensor:
    """Gradients [B, ...], each divided by its own standard deviation (Mordvintsev et al., DeepDream, 2015)."""
    deviations = gradient.flatten(1).std(1, correction=0).clamp_min(torch.finfo(gradient.dtype).tiny)
    return gradient / deviations.view(-1, *[1] * (gradient.ndim - 1))


def blend(old: Tensor, new: Tensor, mask: Tensor) -> Tensor:
    """``old`` where the mask is 0, ``new`` where it is 1, and between them in proportion; the mask is broadcast."""
    return torch.lerp(old, new, mask.to(old))


def brighten(images: Tensor, amount: float) -> Tensor:
    """Images [B, C, H, W] with an amount (1 = from black to white) added everywhere, kept within [0, 1]."""
    return (images + amount).clamp(0.0, 1.0)


def _mean(pairs: Tensor) -> Tensor:
    flat = pairs.flatten(1)
    return flat.sum(1) / max(flat.shape[1], 1)
