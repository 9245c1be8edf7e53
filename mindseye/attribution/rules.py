"""The rules of LRP at a layer with weights, as gradient times input of a forward pass that is written differently.

Let a layer compute ``z_j = sum_i x_i w_ij + b_j``, and let the relevance of its output be ``R_j = z_j c_j``. A rule shares
``R_j`` out in proportion to contributions ``q_ij``: ``R_i = sum_j q_ij / (q_j + e_j) R_j``, with ``q_j`` their sum and e
for stability. That is ``x_i`` times the gradient, with ``c`` arriving, of ``q_j z_j / (q_j + e_j)`` with the fraction held
constant (Montavon et al., "Layer-Wise Relevance Propagation: An Overview", 2019, section 10.3.2). So what arrives at each
layer stays a plain gradient; sums, pooling and skip connections need no rule of their own, and no relevance is divided by
an activation near zero. Bias and e count as inputs of value 1, whose gradients say how much they have taken.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isinf
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from mindseye.errors import UserError

RuleName = Literal["composite", "epsilon", "gamma", "zplus"]
Apply = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Rule:
    """How much more contributions of the sign of z count: ``q_ij = x_i w_ij + gamma (x_i w_ij)^+`` where z_j is positive.

    gamma: 0 gives the epsilon rule (Bach et al., PLOS ONE 2015, Eq. 58), infinity z-plus (only contributions of z's own
    sign; Eq. 60 with alpha 1, where z and x are positive), anything between them the gamma rule (Montavon et al., 2019).
    Where z_j is negative, the negative contributions are the ones that count more: blocks that end without an activation
    function hand on negative numbers, which negative contributions have made.
    epsilon: below which share of the root mean square of all z of the layer and image a ``q_j`` is too small to divide by:
    e fills it up to that. The source adds a number to every ``q_j``; so it takes relevance in every layer, the more the
    smaller the activations are (13 % of an untrained VGG-11's score for 0.001), and this does not.
    """

    gamma: float
    epsilon: float


@dataclass(frozen=True)
class Rules:
    """The rule of each kind of layer. dense: fully connected. convolution: all others with weights."""

    dense: Rule
    convolution: Rule

    @classmethod
    def named(cls, name: RuleName, epsilon: float, gamma: float) -> "Rules":
        """One rule for all layers, or ``composite``: epsilon in dense layers and z-plus in convolutions.

        The composite is LRP-CMP of Kohlbrenner et al., "Towards Best Practice in Explaining Neural Network Decisions with
        LRP" (IJCNN 2020).

        Raises:
            UserError: if the name is unknown or a number out of range.
        """
        if name not in get_args(RuleName):
            raise UserError(f"unknown LRP rule {name!r}; it is one of {', '.join(get_args(RuleName))}")
        if not (0 < epsilon < inf and 0 < gamma < inf):
            raise UserError(f"LRP needs epsilon and gamma above 0 and finite, not {epsilon} and {gamma}")
        gammas = {"composite": (0.0, inf), "epsilon": (0.0, 0.0), "gamma": (gamma, gamma), "zplus": (inf, inf)}
        dense, convolution = (Rule(value, epsilon) for value in gammas[name])
        return cls(dense, convolution)


def apply_rule(
    apply: Apply, x: Tensor, weight: Tensor, bias: Tensor, ones: tuple[Tensor, Tensor], rule: Rule, needed: Tensor
) -> Tensor:
    """What a layer with weights gives, with the same values, but with the rule's gradient.

    apply: the layer without bias, of input and weight. bias: broadcastable to the output. ones: what bias and epsilon are
    multiplied by, of value 1, broadcastable to the output. needed: where the output matters, boolean; behind a ReLU that
    is nowhere below zero, which halves the work.
    """
    bias_ones, epsilon_ones = ones
    with torch.no_grad():
        value = apply(x, weight) + bias
        least = _least(value, rule.epsilon)

    def share_out(brought: Tensor, signs: Tensor) -> Tensor:
        missing = (least - signs * brought.detach()).clamp(min=0)
        total = brought + signs * missing * epsilon_ones
        return total * (value / total).detach()

    def prefer_sign(sign: int) -> Tensor:
        brought = _contributions(apply, x, weight, rule.gamma, sign) + _weigh(bias, rule.gamma, sign) * bias_ones
        return share_out(brought, torch.full_like(value, sign))

    if rule.gamma == 0:
        return share_out(apply(x, weight) + bias * bias_ones, torch.where(value >= 0, 1.0, -1.0).to(value))
    if not bool((needed & (value < 0)).any()):
        return prefer_sign(1)
    return torch.where(value >= 0, prefer_sign(1), prefer_sign(-1))


def _least(value: Tensor, share: float) -> Tensor:
    """A share of the root mean square of an image's outputs, broadcastable to them; above 0."""
    size = value.flatten(1).square().mean(1).sqrt() * share
    return size.clamp_min(torch.finfo(value.dtype).tiny).view(-1, *(1,) * (value.dim() - 1))


def _contributions(apply: Apply, x: Tensor, weight: Tensor, gamma: float, sign: int) -> Tensor:
    """``sum_i q_ij`` where contributions of a sign count more: those of positive x with weights of it, and the reverse."""
    positive = apply(x.clamp(min=0), _weigh(weight, gamma, sign))
    if bool((x >= 0).all()):
        return positive
    return positive + apply(x.clamp(max=0), _weigh(weight, gamma, -sign))


def _weigh(values: Tensor, gamma: float, sign: int) -> Tensor:
    part = values.clamp(min=0) if sign > 0 else values.clamp(max=0)
    return part if isinf(gamma) else values + gamma * part


class Weighted(torch.autograd.Function):
    """A layer with weights as it is on the way forward, and by its rule on the way back."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        ones: Tensor,
        value: Callable[[], Tensor],
        layer: Callable[[Tensor, Tensor, Tensor], Tensor],
    ) -> Tensor:
        """x: the input. ones: [2, images]. value: gives the output. layer: ``apply_rule``, of x, ones and what is needed."""
        ctx.save_for_backward(x, ones)
        ctx.layer = layer
        return value()

    @staticmethod
    def backward(ctx: Any, *arriving: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of x and ones; the layer is computed anew, so that nothing of it was kept since."""
        x, ones = (tensor.detach().requires_grad_() for tensor in ctx.saved_tensors)
        with torch.enable_grad():
            output = ctx.layer(x, ones, arriving[0] != 0)
        return (*torch.autograd.grad(output, (x, ones), arriving[0]), None, None)
