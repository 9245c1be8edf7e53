"""A forward pass in which layers with weights follow a rule of LRP, and what biases bring is counted."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from mindseye.attribution.rules import Apply, Rule, Rules, Weighted, apply_rule
from mindseye.errors import UserError

TRANSPOSED = {functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d}
CONVOLUTIONS = {functional.conv1d, functional.conv2d, functional.conv3d} | TRANSPOSED
CLAMPS = {"clamp", "clamp_", "clip", "clip_"}
HARDTANHS = {"hardtanh", "hardtanh_"}
ADDITIONS = {"add", "add_", "sub", "sub_"}


@dataclass(frozen=True)
class _Layer:
    """A call of a layer with weights. bias: broadcastable to the output. foldable: batch norm behind it may be folded in."""

    given: Tensor
    weight: Tensor
    bias: Tensor
    apply: Apply
    rule: Rule
    foldable: bool


class RelevanceMode(TorchFunctionMode):
    """While it lasts, every value stays what it was, but the graph that is recorded has the gradients of LRP.

    It sees functions as well as modules, since all modules call functions. What it does not know passes as it is, to be
    judged by what it leaves in the graph.
    """

    def __init__(self, rules: Rules, ones: Tensor) -> None:
        """ones: [2, images] of value 1; their gradients will be what biases and epsilon have taken."""
        super().__init__()
        self._rules, self._ones = rules, ones
        # The layer that was rewritten last, with what it gave and the number of changes made to that in place.
        self._last: tuple[_Layer, Tensor, int] | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if func in CONVOLUTIONS or func is functional.linear:
            return self._weighted_layer(func, *args, **kwargs)
        if func is functional.batch_norm:
            return self._batch_norm(*args, **kwargs)
        if func is functional.relu6 or name in HARDTANHS | CLAMPS:
            return _bounded_relu(func, args, kwargs)
        if name in ADDITIONS and len(args) == 2 and not kwargs:
            return self._addition(func, *args)
        return func(*args, **kwargs)

    def _weighted_layer(
        self, func: Any, input: Tensor, weight: Tensor, bias: Tensor | None = None, *rest: Any, **named: Any
    ) -> Tensor:
        def value() -> Tensor:
            given: Tensor = func(input, weight, bias, *rest, **named)
            return given

        if not input.requires_grad or weight.requires_grad or (bias is not None and bias.requires_grad):
            return value()  # weights made from the image: the graph will show them
        is_dense = func is functional.linear
        layer = _Layer(
            given=input,
            weight=weight,
            bias=_along_channels(weight.new_zeros(1) if bias is None else bias, weight.dim()),
            apply=lambda x, w: func(x, w, None, *rest, **named),
            rule=self._rules.dense if is_dense else self._rules.convolution,
            foldable=func not in TRANSPOSED and input.dim() == weight.dim(),
        )
        output = self._write(layer, value)
        self._last = (layer, output, output._version)
        return output

    def _batch_norm(
        self,
        input: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        def value() -> Tensor:
            return functional.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)

        if not input.requires_grad or training or running_mean is None or running_var is None:
            return value()  # the batch's own statistics: the graph will show them
        scale = (running_var + eps).rsqrt() if weight is None else weight * (running_var + eps).rsqrt()
        shift = -running_mean * scale if bias is None else bias - running_mean * scale
        if self._last is not None:
            layer, gave, version = self._last
            if gave is input and gave._version == version and layer.foldable:
                folded = _Layer(
                    given=layer.given,
                    weight=layer.weight * scale.view(-1, *(1,) * (layer.weight.dim() - 1)),
                    bias=_along_channels(layer.bias.flatten() * scale + shift, layer.weight.dim()),
                    apply=layer.apply,
                    rule=layer.rule,
                    foldable=False,
                )
                return self._write(folded, value)
        constant = _along_channels(shift, input.dim()) * self._spread(self._ones, input)[0]
        return input * _along_channels(scale, input.dim()) + constant

    def _addition(self, func: Any, first: Any, second: Any) -> Any:
        """A constant that is added or taken off is a bias; between two parts of the graph the sum stays as it is."""
        depends = [isinstance(part, Tensor) and part.requires_grad for part in (first, second)]
        if depends == [True, False]:
            second = second * self._spread(self._ones, first)[0]
        elif depends == [False, True]:
            first = first * self._spread(self._ones, second)[0]
        return func(first, second)

    def _write(self, layer: _Layer, value: Callable[[], Tensor]) -> Tensor:
        def rewritten_layer(x: Tensor, ones: Tensor, needed: Tensor) -> Tensor:
            return apply_rule(layer.apply, x, layer.weight, layer.bias, self._spread(ones, x), layer.rule, needed)

        output: Tensor = Weighted.apply(layer.given, self._ones, value, rewritten_layer)
        return output

    @staticmethod
    def _spread(ones: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """The ones of biases and of epsilon for a tensor whose first axis holds the images, or several parts of each."""
        images, extent = ones.shape[1], like.shape[0] if like.dim() else 0
        if not extent or extent % images:
            raise UserError(f"LRP cannot tell images apart in an activation of shape {list(like.shape)}")
        bias, epsilon = ones.repeat_interleave(extent // images, 1).view(2, -1, *(1,) * (like.dim() - 1))
        return bias, epsilon


def _bounded_relu(func: Any, args: Any, kwargs: Any) -> Any:
    """A ReLU with an upper bound hands on what arrives also where it has reached the bound: ``x (f(x) / x)``."""
    x = args[0] if args else None
    if not isinstance(x, Tensor) or not x.requires_grad or _bounds(func, *args[1:], **kwargs) is None:
        return func(*args, **kwargs)
    low, high = _bounds(func, *args[1:], **kwargs) or (0.0, inf)
    share = torch.where(x > 0, x.clamp(low, high) / x, 0.0).detach()
    is_in_place = kwargs.get("inplace", False) or func.__name__.endswith("_") or (args[1:] and args[-1] is True)
    return x.mul_(share) if is_in_place else x * share


def _bounds(func: Any, *args: Any, **kwargs: Any) -> tuple[float, float] | None:
    """From 0 to the upper bound of a ReLU-like function; None where it is another one."""
    low: Any
    high: Any
    if func is functional.relu6:
        low, high = 0, 6
    elif func.__name__ in HARDTANHS:
        given = dict(zip(("min_val", "max_val"), args, strict=False)) | kwargs
        low, high = given.get("min_val", -1.0), given.get("max_val", 1.0)
    else:
        given = dict(zip(("min", "max"), args, strict=False)) | kwargs
        low, high = given.get("min"), given.get("max")
    if isinstance(low, Tensor | None) or isinstance(high, Tensor | None):
        return None
    return (0.0, float(high)) if low == 0 and high > 0 else None


def _along_channels(values: Tensor, dims: int) -> Tensor:
    """Values [channels] for an output whose weight or map has this many axes: behind its channels come ``dims - 2``."""
    return values.reshape(-1, *(1,) * (dims - 2))
