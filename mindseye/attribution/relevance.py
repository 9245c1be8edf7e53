"""Layer-wise relevance propagation (LRP): the score shared out among the pixels, layer by layer, with nothing lost.

Weighted layers follow ``rules``. Sums and skip connections, pooling by the mean or the maximum, and whatever only moves
numbers keep their own gradient, which is the proportional rule. Batch norm is folded into the layer before it. ReLU-like
functions hand on what arrives. A network that does anything else to an image is refused.
"""

from math import inf

import torch
from torch import Tensor
from torch.autograd.graph import Node

from mindseye.attribution.explanation import Explanation, check_images, explanation
from mindseye.attribution.graph import LEAF, MOVING, MULTIPLYING, SUMMING, Names, bounds, factors, operation
from mindseye.attribution.relevance_mode import RelevanceMode
from mindseye.attribution.rules import RuleName, Rules, Weighted
from mindseye.attribution.score import Score
from mindseye.models.freeze import freeze
from mindseye.models.probe import example_input

WHY = (
    "LRP covers convolutions, linear layers, batch norm, ReLU-like activation functions, pooling, sums and skip "
    "connections, and neither attention nor other norms, gates and activation functions; take 'integrated-gradients', "
    "'saliency' or 'occlusion', which any network allows"
)


def lrp(
    score: Score, images: Tensor, rule: RuleName = "composite", epsilon: float = 1e-3, gamma: float = 0.25
) -> Explanation:
    """How much of the score each pixel brings, by LRP, the sum over channels; signed.

    Bach et al., "On Pixel-Wise Explanations for Non-Linear Classifier Decisions by Layer-Wise Relevance Propagation" (PLOS
    ONE 2015); the rules are named in ``Rule`` and ``Rules``.

    Args:
        score: what is explained; the score itself is the relevance that is shared out.
        images: [images, channels, height, width] in [0, 1]; relevance is that of the preprocessed values.
        rule: see ``Rules.named``. epsilon, gamma: of the rules.

    Returns:
        A signed map; numbers: ``score``; ``pixels``, ``biases`` and ``stabiliser`` (epsilon), the shares of it that they
        have got; and ``error``, ``|score - pixels - biases| / |score|``, how far relevance is from being conserved.

    Raises:
        UserError: if the network does something to an image that no rule covers, naming the module, or a setting makes
            no sense.
    """
    rules = Rules.named(rule, epsilon, gamma)
    check_images(images, score.model.in_channels)
    inputs = score.model.preprocessing.normalise(images).detach().requires_grad_()
    with freeze(score.model.network), torch.enable_grad():
        values, ones = _forward(score, inputs, rules)
        slopes, taken = torch.autograd.grad(values.sum(), (inputs, ones), allow_unused=True)
    values = values.detach()
    biases, stabiliser = taken if taken is not None else torch.zeros_like(ones.detach())
    heat = torch.zeros_like(inputs[:, 0]) if slopes is None else (inputs.detach() * slopes).sum(1)
    pixels = heat.sum((1, 2))
    missed = (values - pixels - biases).abs() / values.abs().clamp_min(torch.finfo(torch.float32).tiny)
    settings = {"rule": rule, "epsilon": epsilon, "channels": "sum"} | ({"gamma": gamma} if rule == "gamma" else {})
    shares = {"score": values, "pixels": pixels, "biases": biases, "stabiliser": stabiliser, "error": missed}
    return explanation("lrp", heat, True, settings, **shares)


def check_rules(score: Score, size: int) -> None:
    """Refuse a network that ``lrp`` would refuse, with one forward pass of noise of ``size`` px.

    Raises:
        UserError: naming the first module that does something that no rule covers.
    """
    network = score.model.network
    noise = example_input(score.model.in_channels, size, size, len(score.direction), network).requires_grad_()
    with freeze(network), torch.enable_grad():
        _forward(score, noise, Rules.named("epsilon", 1e-3, 1.0))


def _forward(score: Score, inputs: Tensor, rules: Rules) -> tuple[Tensor, Tensor]:
    """The score [images] of preprocessed images, and the ones [2, images] that biases and epsilon are multiplied by."""
    ones = torch.ones(2, len(inputs), dtype=inputs.dtype, device=inputs.device, requires_grad=True)
    with Names(score.model.network) as names, RelevanceMode(rules, ones):
        activation = score.read(inputs)
    names.refuse([activation], _is_covered, WHY)
    return score.of(activation), ones


def _is_covered(node: Node) -> bool:
    kind = operation(node)
    if kind in MULTIPLYING:
        return factors(node) == 1
    return kind in MOVING or kind in SUMMING or kind in (Weighted.__name__, LEAF) or bounds(node) == (0.0, inf)
