"""What a forward pass has done to an image, read from PyTorch's own record of it, and which module did it.

Hooks on modules see neither ``torch.relu`` nor ``out += identity`` nor which call of a reused module it is; the record
that PyTorch keeps for the backward pass (its *graph*, one *node* per operation) holds all of it, whatever wrote it.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from math import inf
from types import TracebackType
from typing import Any

from torch import Tensor, nn
from torch.autograd.graph import Node

from mindseye.errors import UserError
from mindseye.models.output_parts import parts

# Operations under which a number only moves, is copied or is picked: each part of the output is a part of the input.
MOVING = {
    *("Alias", "AsStrided", "Cat", "Clone", "ConstantPadNd", "Expand", "Gather", "Index", "IndexSelect", "Permute"),
    *(
        "PixelShuffle",
        "PixelUnshuffle",
        "ReflectionPad2D",
        "Repeat",
        "ReplicationPad2D",
        "ReshapeAlias",
        "Roll",
        "Select",
    ),
    *("Slice", "Split", "SplitWithSizes", "Squeeze", "Stack", "T", "ToCopy", "Transpose", "Unbind", "UnsafeView"),
    *("Unsqueeze", "View", "AdaptiveMaxPool2D", "Amax", "Flip", "MaxPool2DWithIndices"),
}
# Operations under which the output is a weighted sum of the inputs, with weights that do not depend on them.
SUMMING = {
    *("AdaptiveAvgPool2D", "Add", "AvgPool2D", "Mean", "MkldnnAdaptiveAvgPool2D", "Neg", "Sub", "Sum"),
    *("UpsampleBilinear2D", "UpsampleNearest2D"),
}
# Operations that multiply; linear in the image where only one of the factors depends on it.
MULTIPLYING = {"Div", "Mul"}
# Operations that are ReLU-like where their lower bound is 0, and how they call their bounds.
BOUNDS = {
    "Clamp": ("_saved_min", "_saved_max"),
    "ClampMin": ("_saved_min", ""),
    "Hardtanh": ("_saved_min_val", "_saved_max_val"),
}
LEAF = "torch::autograd::AccumulateGrad"


def operation(node: Node) -> str:
    """The operation of a node by PyTorch's name, without its version: ``Relu`` for ``ReluBackward0``."""
    name = node.name()
    return name.rstrip("0123456789").removesuffix("Backward") if name != LEAF else LEAF


def upstream_nodes(outputs: Iterable[Tensor]) -> set[Node]:
    """All nodes between some outputs and what they were computed from."""
    nodes: set[Node] = set()
    waiting = [output.grad_fn for output in outputs]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in nodes:
            nodes.add(node)
            waiting += [before for before, _ in node.next_functions]
    return nodes


def factors(node: Node) -> int:
    """How many inputs of a node depend on the image."""
    return sum(before is not None for before, _ in node.next_functions)


def bounds(node: Node) -> tuple[float, float] | None:
    """Between which inputs a ReLU-like operation lets numbers through, from 0 up; None for any other operation."""
    kind = operation(node)
    if kind == "Relu":
        return 0.0, inf
    if kind not in BOUNDS:
        return None
    low, high = (getattr(node, name, None) for name in BOUNDS[kind])
    if isinstance(low, Tensor | None) or isinstance(high, Tensor):
        return None
    return (0.0, inf if high is None else float(high)) if low == 0 else None


class Names:
    """Notes which module made which node of the graph, for as long as the context lasts.

    The name is that of the innermost module that was running, as ``named_modules`` has it.

        with Names(network) as names:
            output = network(images)
        names.refuse([output], is_covered, why)
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._modules = dict(network.named_modules())
        self._hooks = ExitStack()
        self._running: list[str] = []
        self._made: dict[Node, str] = {}

    def __enter__(self) -> "Names":
        for name, module in self._modules.items():
            # First in the row: a reader's hook may end the forward pass before the others have their turn.
            before = module.register_forward_pre_hook(self._before(name), prepend=True, with_kwargs=True)
            self._hooks.callback(before.remove)
            self._hooks.callback(module.register_forward_hook(self._after, prepend=True).remove)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hooks.close()

    def refuse(self, outputs: Iterable[Tensor], is_covered: Callable[[Node], bool], why: str) -> None:
        """Refuse a graph with an operation that is not covered.

        Raises:
            UserError: naming the first one in the order of the forward pass, its module and ``why``.
        """
        graph = upstream_nodes(outputs)
        bad = {node for node in graph if not is_covered(node)}
        if not bad:
            return
        first = next((node for node in self._made if node in bad), None)
        node = first if first is not None else next(iter(bad))
        name = self._made.get(node, "")
        kind = type(self._modules[name]).__name__
        where = f"module {name!r} ({kind})" if name else f"the network ({kind}) itself"
        raise UserError(f"{where} computes {operation(node)!r}: {why}")

    def _before(self, name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, keywords: Any) -> None:
            if module is self._network:
                self._running.clear()  # an earlier forward pass may have been left halfway
            self._note(inputs, keywords)
            self._running.append(name)

        return hook

    def _after(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self._note(output)
        self._running.pop()

    def _note(self, *values: Any) -> None:
        """Give the nodes behind some values that have no name yet that of the running module, the earliest first.

        All that lies behind a named node is named, so the search ends there.
        """
        fresh: list[Node] = []
        seen: set[Node] = set()
        waiting = [tensor.grad_fn for value in values for tensor in _tensors(value)]
        while waiting:
            node = waiting.pop()
            if node is not None and node not in self._made and node not in seen:
                seen.add(node)
                fresh.append(node)
                waiting += [before for before, _ in node.next_functions]
        for node in reversed(fresh):
            self._made[node] = self._running[-1] if self._running else ""


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [tensor for part in parts(value).values() for tensor in _tensors(part)]
