"""Dead units: a gradient through ReLU-like activations for pictures that none gets through to.

A unit that is zero everywhere has no gradient, so a picture that starts beside it never finds it. The rule is Lucid's
``redirected_relu_grad`` (Olah, Mordvintsev, Schubert, "Feature Visualization", Distill 2017).
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

Bounds = tuple[float, float]


@contextmanager
def redirect_gradients(network: nn.Module) -> Iterator[nn.Module]:
    """The network with another backward pass in its ReLU-like modules; afterwards it is as it was.

    They are ``nn.ReLU``, ``nn.ReLU6``, every ``nn.Hardtanh`` from 0 and their subclasses, in place or not, called once or
    often. Activation functions that are no modules cannot be reached, and keep their gradient. No activation changes.
    Forward and backward pass belong inside: with the context every hook is gone, also after an error.
    """
    with ExitStack() as hooks:
        for module in network.modules():
            bounds = bounds_of(module)
            if bounds is not None:
                watch = _Watch(bounds, hooks)
                # First in the row: a reader's hook may end the forward pass before the others have their turn.
                hooks.callback(module.register_forward_pre_hook(watch.before, prepend=True).remove)
                hooks.callback(module.register_forward_hook(watch.after, prepend=True).remove)
        yield network


def bounds_of(module: nn.Module) -> Bounds | None:
    """Between which inputs a ReLU-like module lets its gradient through; None for any other module."""
    if isinstance(module, nn.ReLU):
        return (0.0, float("inf"))
    if isinstance(module, nn.Hardtanh) and module.min_val == 0:
        return (0.0, float(module.max_val))
    return None


def withheld_gradient(gradient: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """What a ReLU-like activation should have let through besides its usual gradient, for a loss that is to fall.

    For a picture of whose gradient nothing at all gets through: all of it, save what would push an input further out of
    bounds. For any other picture: zero, so that it stays as it is whatever shares its batch.

    Args:
        gradient: of the loss with respect to the activation, [pictures, ...].
        low, high: where the input is at or below the lower, at or above the upper bound; boolean, of the same shape.

    Returns:
        What is to be added to the gradient with respect to the input, of the same shape.
    """
    usual = gradient.masked_fill(low | high, 0.0)
    is_dead = (usual == 0).flatten(1).all(1).view(-1, *(1,) * (gradient.ndim - 1))
    pushes_out = (low & (gradient > 0)) | (high & (gradient < 0))
    return gradient.masked_fill(pushes_out | ~is_dead, 0.0)


class _Watch:
    """The hooks of one module: before a call they look at its input, after it at its output.

    Their own hooks are on these tensors: PyTorch's hooks on a module's gradient do not allow it to work in place.
    """

    def __init__(self, bounds: Bounds, hooks: ExitStack) -> None:
        self._low, self._high = bounds
        self._hooks = hooks
        self._call: _Call | None = None

    def before(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        self._call = None
        x = inputs[0] if inputs else None
        if isinstance(x, Tensor) and x.requires_grad and x.ndim > 0:
            # Compared now: a module that works in place overwrites its input.
            self._call = _Call(x <= self._low, x >= self._high)
            self._hooks.callback(x.register_hook(self._call.add_withheld).remove)  # type: ignore[no-untyped-call]

    def after(self, module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        call, self._call = self._call, None
        if call is not None:
            self._hooks.callback(output.register_hook(call.remember).remove)  # type: ignore[no-untyped-call]


class _Call:
    """One call of a module: the gradient of its output, until that of its input is known."""

    def __init__(self, low: Tensor, high: Tensor) -> None:
        self._low, self._high = low, high
        self._of_output: Tensor | None = None

    def remember(self, gradient: Tensor) -> None:
        self._of_output = gradient

    def add_withheld(self, gradient: Tensor) -> Tensor | None:
        """The whole gradient of the input, in which other modules may share, with what this one has withheld."""
        of_output, self._of_output = self._of_output, None
        return None if of_output is None else gradient + withheld_gradient(of_output, self._low, self._high)
