"""A regularizer of the user's own: what is done to the gradient before a step, or to the picture after it."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.user_code import explain_errors, make_object, name_object


class Regularizer:
    """A change of the gradient before every step, of the pictures after it, or of both; a subclass has one of the two methods.

    It keeps nothing from one step to the next: an interrupted painting goes on without it. On a canvas with alpha, gradient
    and images have one plane more, the opacity.
    """

    every: ClassVar[int] = 1
    """After how many steps the pictures are changed; on canvases other than pixels each change costs some detail."""

    def change_gradient(self, gradient: Tensor, step: int, progress: float) -> Tensor:
        """The gradient that the step is made with, [pictures, planes, side, side], behind the recipe's own blur.

        In an early octave of a ``fourier`` or ``maco`` canvas its side is smaller than the pictures'. progress: 0 at the first
        step, 1 at the last.
        """
        return gradient

    def change_images(self, images: Tensor, step: int, progress: float) -> Tensor:
        """The pictures [pictures, planes, side, side] in [0, 1] as they go on, behind the recipe's own smoothing.

        Only a canvas that can show a given picture allows it. Called without gradients.
        """
        return images

    @classmethod
    def changes_images(cls) -> bool:
        """Whether it has a ``change_images`` of its own."""
        return cls.change_images is not Regularizer.change_images


def make_regularizers(parts: Sequence[Any]) -> tuple[Regularizer, ...]:
    """Regularizers from what a recipe gives: FILE.py:NAME, classes (made without arguments) or objects.

    Raises:
        UserError: if one is none, or the user's code fails.
    """
    return tuple(make_object(part, Regularizer, "the regularizer") for part in parts)


def apply_regularizers(
    parts: Sequence[Regularizer], values: Tensor, change: Callable[[Regularizer, Tensor], Tensor]
) -> Tensor:
    """A gradient or pictures as the regularizers change them, one after the other. change: calls the method that is meant.

    Raises:
        UserError: if one fails, or gives another shape.
    """
    for part in parts:
        with explain_errors(part, torch.cuda.OutOfMemoryError):
            changed = change(part, values)
        if not isinstance(changed, Tensor) or changed.shape != values.shape:
            told = list(changed.shape) if isinstance(changed, Tensor) else f"a {type(changed).__name__}"
            raise UserError(f"the regularizer {name_object(part)!r} gives {told} for {list(values.shape)}")
        values = changed
    return values
