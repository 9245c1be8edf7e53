"""The gradient, and what it becomes with another rule at the activation functions: deconvnet, guided backpropagation.

The rules act on the graph that PyTorch keeps for the backward pass. So they reach ``nn.ReLU`` and ``nn.ReLU6`` as well as
``torch.relu``, ``clamp`` and ``relu_``, and each call of a reused module; and an activation function that no rule fits is
found and refused, instead of being passed with its plain gradient.
"""

from contextlib import ExitStack
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.autograd.graph import Node

from mindseye.attribution.explanation import Explanation, check_images, explanation
from mindseye.attribution.graph import LEAF, MOVING, MULTIPLYING, SUMMING, Names, bounds, operation, upstream_nodes
from mindseye.attribution.score import Score
from mindseye.errors import UserError
from mindseye.models.freeze import freeze

Method = Literal["backprop", "deconvnet", "guided-backprop"]

# What the rules leave as it is beside sums and moves: weights, norms, and the products and softmax of attention.
PLAIN = (
    MOVING
    | SUMMING
    | MULTIPLYING
    | {
        *(
            "Addmm",
            "Baddbmm",
            "Bmm",
            "Convolution",
            "ConvolutionOverrideable",
            "CudnnBatchNorm",
            "MiopenBatchNorm",
            "Mm",
        ),
        *("NativeBatchNorm", "NativeGroupNorm", "NativeLayerNorm", "LogSoftmax", "Softmax", "UnsafeSplit"),
        *("ScaledDotProductCudnnAttention", "ScaledDotProductEfficientAttention", "ScaledDotProductFlashAttention"),
        *("ScaledDotProductFlashAttentionForCpu", "FusedRmsNorm", LEAF),
    }
)
WHY = (
    "{method} is defined for ReLU-like activation functions (ReLU, ReLU6, clamp from 0) and has no meaning there; "
    "take 'integrated-gradients', 'saliency' or 'occlusion', which any network allows"
)


def backpropagation(score: Score, images: Tensor, method: Method) -> Explanation:
    """The gradient of the score with respect to the pixels under a rule at ReLU-like functions, summed over channels.

    With g the gradient that arrives at the function's output and x its input:

    - ``backprop``: ``g [x > 0]``, the gradient itself (Simonyan, Vedaldi and Zisserman, 2014);
    - ``deconvnet``: ``g [g > 0]`` (Zeiler and Fergus, ECCV 2014);
    - ``guided-backprop``: ``g [g > 0] [x > 0]`` (Springenberg et al., "Striving for Simplicity", ICLR workshop 2015).

    Of a function with an upper bound (ReLU6), x counts as above 0 where it lies between the bounds.

    Args:
        score: what is explained.
        images: [images, channels, height, width] in [0, 1].
        method: one of the three; ``backprop`` takes any network.

    Returns:
        A signed map; numbers: ``score``. The settings say how many calls of ReLU-like functions the rule changed.

    Raises:
        UserError: if the network has an activation function that the rule does not fit, naming its module.
    """
    if method not in get_args(Method):
        raise UserError(f"unknown method {method!r}; it is one of {', '.join(get_args(Method))}")
    check_images(images, score.model.in_channels)
    network, pixels = score.model.network, images.detach().clone().requires_grad_()
    relus: list[Node] = []
    with freeze(network), torch.enable_grad(), ExitStack() as hooks:
        with Names(network) as names:
            values = score(pixels)
        if method != "backprop":
            names.refuse([values], _is_covered, WHY.format(method=method))
            relus = [node for node in upstream_nodes([values]) if bounds(node)]
            for node in relus:
                hooks.callback(node.register_hook(_deconvnet if method == "deconvnet" else _guided).remove)
        (slopes,) = torch.autograd.grad(values.sum(), pixels)
    return explanation(method, slopes.sum(1), True, {"channels": "sum", "activations": len(relus)}, score=values)


def _is_covered(node: Node) -> bool:
    return bounds(node) is not None or operation(node) in PLAIN


def _deconvnet(to_inputs: tuple[Tensor | None, ...], to_outputs: tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
    return (to_outputs[0].clamp(min=0), *to_inputs[1:])


def _guided(to_inputs: tuple[Tensor | None, ...], to_outputs: tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
    # The gradient has passed the function as it is: what arrived where x is within bounds, zero elsewhere.
    return (None if to_inputs[0] is None else to_inputs[0].clamp(min=0), *to_inputs[1:])
