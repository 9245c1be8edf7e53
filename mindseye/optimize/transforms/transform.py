"""A transform of the user's own: a change that a picture must survive, behind the recipe's own views."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.optimize.random import RandomKeys
from mindseye.user_code import explain_errors, load_object, name_object, run_user_code


class Transform(ABC):
    """A random change of what the network sees; a subclass, or any function of the same three arguments.

    It comes last, behind the views that the recipe's keys describe, on images of the size that the network takes. The
    photos that a target is made of, and the photo that a picture is held against, go through it as well.
    """

    @abstractmethod
    def __call__(self, images: Tensor, step: int, random: RandomKeys) -> Tensor:
        """Other images of the same shape, differentiable.

        Args:
            images: [pictures, in_channels, side, side], in [0, 1] or a little beyond where the recipe adds noise.
            step: of the painting, counted from 0.
            random: numbers that belong to each picture and step, ``random.uniform(step, "a purpose of your own", *shape)``
                gives [pictures, *shape]. With other random numbers an interrupted run would not end as an undisturbed one.
        """


Change: TypeAlias = Callable[[Tensor, int, RandomKeys], Tensor]


def make_transforms(parts: Sequence[Any]) -> tuple[Change, ...]:
    """Transforms from what a recipe gives: FILE.py:NAME, classes (made without arguments), objects or functions.

    Raises:
        UserError: if one is none, or the user's code fails.
    """
    return tuple(_make(part) for part in parts)


def apply_transforms(transforms: Sequence[Change], images: Tensor, step: int, random: RandomKeys) -> Tensor:
    """Images as the transforms change them, one after the other.

    Raises:
        UserError: if one fails, or gives images of another shape.
    """
    for transform in transforms:
        with explain_errors(transform, torch.cuda.OutOfMemoryError):
            changed = transform(images, step, random)
        if not isinstance(changed, Tensor) or changed.shape != images.shape:
            told = list(changed.shape) if isinstance(changed, Tensor) else f"a {type(changed).__name__}"
            raise UserError(f"the transform {name_object(transform)!r} gives {told} for images {list(images.shape)}")
        images = changed
    return images


def _make(part: Any) -> Change:
    spec = part if isinstance(part, str) else name_object(part)
    made = load_object(part) if isinstance(part, str) else part
    if isinstance(made.func if isinstance(made, partial) else made, type):
        with run_user_code(spec):
            made = made()
    if not callable(made):
        raise UserError(f"the transform {spec!r} is a {type(made).__name__}, not a mindseye.Transform or a function")
    change: Change = made
    return change
