"""Residual blocks: where a network adds what a branch computes to what the branch was computed from.

The picture's gradient comes back through the skip connections and through the branches. What comes through the branches is
what this one network makes of its input; what comes through the skip connections is shared with other networks to a larger
part. Pictures (there: of an attack) that follow the branches less are seen alike by other networks: Wu, Wang, Xia, Bailey and
Ma, "Skip Connections Matter: On the Transferability of Adversarial Examples Generated with ResNets" (ICLR 2020), the skip
gradient method.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.overrides import TorchFunctionMode

from mindseye.models.freeze import run_eagerly

ADDITIONS = frozenset({"add", "add_", "__add__", "__radd__", "__iadd__"})
"""Functions of two tensors whose sum a residual block may be."""

Call = tuple[str, int]
"""A module's name and the number of its call in a forward pass."""


@dataclass(frozen=True)
class Branches:
    """The residual branches of a network, and what share of a gradient comes back through them.

    calls: those whose output is added to what it was computed from. share: in [0, 1]; 1 is the gradient as it is.
    """

    calls: frozenset[Call] = frozenset()
    share: float = 1.0

    def scale(self, call: Call, output: Any) -> Any:
        """The output of a call as the network goes on with: the same values, of a branch with a smaller gradient."""
        if call in self.calls and isinstance(output, Tensor) and output.requires_grad:
            return _ScaledGradient.apply(output, self.share)
        return output


def find_branches(network: nn.Module, images: Tensor, share: float) -> Branches:
    """The residual branches of a network, found in the graph of one forward pass, whatever its modules are called.

    A branch is the output of a module that is added to a tensor of its shape which it was computed from: the last
    normalisation of a ResNet's block without downsampling, attention and MLP of a transformer's block. Branches that end in
    a function that is no module are not found, and keep their gradient.

    Args:
        network: frozen. images: [any, in_channels, height, width]. share: of the gradient that comes back through them.
    """
    if share == 1:
        return Branches()
    outputs: dict[Node, Call] = {}
    counts: dict[str, int] = {}
    kept: list[Any] = []  # a graph lives as long as its tensors

    def remember(name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            call = counts.get(name, 0)
            counts[name] = call + 1
            if isinstance(output, Tensor) and output.grad_fn is not None:
                kept.append(output)
                outputs.setdefault(output.grad_fn, (name, call))

        return hook

    with ExitStack() as hooks, run_eagerly(network), torch.enable_grad(), _Additions() as additions:
        for name, module in network.named_modules():
            if name:
                hooks.callback(module.register_forward_hook(remember(name)).remove)
        kept.append(network(images.detach().clone().requires_grad_()))
    return Branches(frozenset(outputs[node] for node in additions.branches if node in outputs), share)


class _Additions(TorchFunctionMode):
    """Watches additions of two tensors of one shape, one of which was computed from the other."""

    def __init__(self) -> None:
        super().__init__()
        self.branches: list[Node] = []

    def __torch_function__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if getattr(function, "__name__", "") in ADDITIONS and len(args) > 1:
            self._look(args[0], args[1])
        return function(*args, **(kwargs or {}))

    def _look(self, one: Any, other: Any) -> None:
        if not (isinstance(one, Tensor) and isinstance(other, Tensor) and one.shape == other.shape):
            return
        if one.grad_fn is None or other.grad_fn is None:
            return
        skip, branch = sorted((one.grad_fn, other.grad_fn), key=_number)
        if skip is not branch and _is_computed_from(branch, skip):
            self.branches.append(branch)


def _number(node: Node) -> int:
    """When a node of the graph was made: before all that is computed from it."""
    return int(node._sequence_nr())


def _is_computed_from(node: Node, source: Node) -> bool:
    """Whether a node of the graph depends on another one, which was made earlier."""
    seen, waiting = {node}, [node]
    while waiting:
        for before, _ in waiting.pop().next_functions:
            if before is source:
                return True
            if before is not None and before not in seen and _number(before) > _number(source):
                seen.add(before)
                waiting.append(before)
    return False


class _ScaledGradient(torch.autograd.Function):
    """The identity, whose gradient is scaled."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, share: float) -> Tensor:
        ctx.share = share
        return values.clone()  # no view: a block may add its input in place

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient * ctx.share, None
