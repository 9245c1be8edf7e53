"""Directions among the channels of a layer: of any make, random, between two units, from a file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mindseye.errors import UserError
from mindseye.layers.layer import check_address
from mindseye.optimize.objectives.objective import Activations, Objective, for_images
from mindseye.optimize.objectives.surveyed import Surveyed
from mindseye.optimize.random import START, RandomKeys

# Below this a cosine counts as this: a picture that points away would otherwise have no gradient.
LOWEST_COSINE = 0.1


class Direction(Objective):
    """How far an image goes along a direction, and how purely: ``(a . v) max(cos(a, v), 0.1)^power``.

    a is the mean activation over positions, v a direction of unit length. A power of 0 leaves the dot product alone.
    Carter et al., "Activation Atlas" (Distill 2019): the dot product alone is won by whatever is large, the cosine alone
    by noise.
    """

    def __init__(self, layer: str, directions: Tensor | np.ndarray | Sequence[float], power: float = 2.0) -> None:
        """directions: [channels] for all images, or [images, channels]; a tensor, an array or a list, of any length but 0.

        Raises:
            UserError: if they are no numbers of that shape.
        """
        self.name, self.layers, self._power = f"direction {check_address(layer)}", (layer,), power
        self._directions = functional.normalize(_rows(directions), dim=1)

    def bind(self, network: Surveyed) -> Objective:
        layer, given = network.find(self.layers[0]), self._directions.shape[1]
        if layer.channels != given:
            raise UserError(
                f"a direction of {given} numbers does not fit layer {layer.address!r} of {layer.channels} channels"
            )
        return self

    def __call__(self, activations: Activations) -> Tensor:
        mean = activations[self.layers[0]].float().mean(-1)
        directions = for_images(self._directions, mean)
        cosine = functional.cosine_similarity(mean, directions, dim=1)
        return (mean * directions).sum(1) * cosine.clamp_min(LOWEST_COSINE) ** self._power


def _rows(directions: object) -> Tensor:
    try:
        rows = torch.as_tensor(directions).float()
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"directions are numbers, [channels] or [images, channels], not {directions!r}") from error
    if rows.ndim not in (1, 2) or not rows.numel():
        raise UserError(f"directions have shape {list(rows.shape)}: [channels] or [images, channels] is meant")
    return rows if rows.ndim == 2 else rows[None]


def random_direction(channels: int, seed: int) -> Tensor:
    """A direction of unit length, every one as likely as any other, [channels]; the same for the same seed."""
    return functional.normalize(RandomKeys(seed, ("direction",)).normal(START, "direction", channels)[0], dim=0)


def between_units(first: int, second: int, channels: int, count: int) -> Tensor:
    """Directions that lead from one unit of a layer to another, ``(1 - s) e_first + s e_second``, [count, channels].

    s runs evenly from 0 to 1, both included. Olah, Mordvintsev and Schubert, "Feature Visualization" (Distill 2017).

    Raises:
        UserError: if there are fewer than two.
    """
    shares = even_shares(count)
    directions = torch.zeros(count, channels)
    directions[:, first] += 1 - shares
    directions[:, second] += shares
    return directions


def even_shares(count: int) -> Tensor:
    """Numbers that run evenly from 0 to 1, both included, [count].

    Raises:
        UserError: if there are fewer than two.
    """
    if count < 2:
        raise UserError(f"an interpolation has 2 pictures or more, not {count}")
    return torch.linspace(0, 1, count)


def read_direction(path: str | Path, layer: str, channels: int) -> Tensor:
    """A direction from a NumPy file, [channels], divided by its largest absolute value.

    Raises:
        UserError: if the file is not there or holds anything but one real number per channel of the layer, all finite
            and not all 0.
    """
    try:
        # Mapped, not read: a header may promise more than the file holds, or the memory.
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # whatever NumPy's reading of a broken header may raise
        reason = getattr(error, "strerror", None) or "no NumPy array of plain numbers"
        raise UserError(f"direction {str(path)!r} cannot be read: {reason}") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise UserError(f"direction {str(path)!r} holds no real numbers: save one array with numpy.save")
    if array.shape != (channels,):
        raise UserError(
            f"direction {str(path)!r} has shape {list(array.shape)}: layer {layer!r} wants [{channels}], "
            "a number for each of its channels"
        )
    values = np.array(array, dtype=np.float64)
    if not np.isfinite(values).all():
        raise UserError(f"direction {str(path)!r} holds NaN or infinite numbers")
    largest = np.abs(values).max()
    if largest == 0:
        raise UserError(f"direction {str(path)!r} holds nothing but 0, which points nowhere")
    return torch.from_numpy(values / largest).float()
