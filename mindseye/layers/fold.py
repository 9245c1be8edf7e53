"""Folding batch normalisations into the convolutions before them: a network in evaluation mode computes the same, faster.

A normalisation of frozen statistics is a factor and a summand for each channel, which a convolution's weights can take over.
On a CPU its passes forward and backward are up to a fifth of a step, and of a forward pass alone up to two fifths
(benchmarks/README.md).
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mindseye.layers.layer import Layer
from mindseye.layers.reader import Activations, Reader
from mindseye.models.freeze import copy_modules, list_hooks

SAME = 1e-3
"""Largest difference of an activation, relative to its layer's largest; rounding alone leaves about 1e-6."""
KEPT = 2
"""Of the folded networks, each of which may hold most of the weights once more."""


class Folded:
    """A frozen network as it is read at any layers, folded for these; of the last few it is kept."""

    def __init__(self, network: nn.Module, images: Tensor) -> None:
        """network, images: as ``fold_batch_norms`` takes them; the network's weights stay what they are."""
        self.network, self.images = network, images
        self._kept: OrderedDict[frozenset[str], nn.Module] = OrderedDict()

    def at(self, layers: Sequence[Layer]) -> nn.Module:
        """The network folded for what reads these layers."""
        addresses = frozenset(layer.address for layer in layers)
        if addresses not in self._kept:
            self._kept[addresses] = fold_batch_norms(self.network, layers, self.images)
        self._kept.move_to_end(addresses)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[addresses]


@torch.no_grad()
def fold_batch_norms(network: nn.Module, layers: Sequence[Layer], images: Tensor) -> nn.Module:
    """The network with what can be folded below some layers; itself where nothing can, or another activation would come out.

    What is read stays what it was: nothing is folded whose convolution's own output is among the layers. Modules keep their
    names, and all tensors but the new weights are shared with the network, which is left as it is.

    Args:
        network: in evaluation mode.
        layers: that will be read.
        images: an example, preprocessed, on the network's device; its activations must stay the same.
    """
    try:
        with torch.backends.cudnn.flags(allow_tf32=False):
            pairs, plain = _pairs(network, layers, images)
            if not pairs:
                return network
            lean = _fold(network, pairs)
            with Reader(lean, layers) as read:
                of_lean = read(images)
    except Exception:  # a module that cannot be copied, or that looks into its neighbours
        return network
    return lean if _agree(of_lean, plain) else network


def _pairs(network: nn.Module, layers: Sequence[Layer], images: Tensor) -> tuple[dict[str, str], Activations]:
    """{normalisation: convolution} by name, of those that are called once, one on the other's output; and what is read."""
    calls: Counter[str] = Counter()
    made: dict[int, tuple[str, Tensor, int]] = {}
    taken: dict[str, str] = {}

    def before_norm(name: str, inputs: tuple[Any, ...]) -> None:
        calls[name] += 1
        conv, output, version = made.get(id(inputs[0]) if inputs else 0, ("", None, 0))
        if output is not None and output._version == version:  # else something has worked on it in place
            taken[name] = conv

    def after_conv(name: str, output: Any) -> None:
        calls[name] += 1
        made[id(output)] = (name, output, output._version)  # held, so that no other tensor gets its number

    modules = {name: module for name, module in network.named_modules() if _is_plain(module)}
    with ExitStack() as hooks:
        for name, module in modules.items():
            if isinstance(module, nn.Conv2d):
                handle = module.register_forward_hook(lambda _, inputs, output, name=name: after_conv(name, output))
            else:
                handle = module.register_forward_pre_hook(lambda _, inputs, name=name: before_norm(name, inputs))
            hooks.callback(handle.remove)
        with Reader(network, layers) as read:
            plain = read(images)
    between = {layer.module for layer in layers if isinstance(modules.get(layer.module), nn.Conv2d) != layer.of_input}
    pairs = {bn: conv for bn, conv in taken.items() if calls[bn] == calls[conv] == 1 and not {bn, conv} & between}
    return pairs, plain


def _is_plain(module: nn.Module) -> bool:
    """A convolution or normalisation of which all is known: no hooks, and no other weights than its own."""
    if list_hooks(module) or hasattr(module, "parametrizations"):
        return False
    if isinstance(module, nn.BatchNorm2d):
        is_known = type(module) is nn.BatchNorm2d or _is_timms(module)
        return is_known and not module.training and module.running_mean is not None
    return isinstance(module, nn.Conv2d)


def _is_timms(module: nn.Module) -> bool:
    """timm's normalisation with an activation function behind it."""
    return type(module).__name__ == "BatchNormAct2d" and type(module).__module__.startswith("timm.")


def _fold(network: nn.Module, pairs: Mapping[str, str]) -> nn.Module:
    lean = copy_modules(network)
    modules: dict[str, Any] = dict(lean.named_modules(remove_duplicate=False))
    for bn, conv in pairs.items():
        norm, before = modules[bn], modules[conv]
        behind = OrderedDict(norm.named_children())
        _replace(modules, before, fuse_conv_bn_eval(before, norm))
        _replace(modules, norm, nn.Sequential(behind) if behind else nn.Identity())
    return lean.eval()


def _replace(modules: Mapping[str, nn.Module], old: nn.Module, new: nn.Module) -> None:
    """Put a module in the place of another, under every name that it has."""
    for name in [name for name, module in modules.items() if module is old]:
        parent, _, leaf = name.rpartition(".")
        setattr(modules[parent], leaf, new)


def _agree(of_lean: Activations, plain: Activations) -> bool:
    tiny = torch.finfo(torch.float32).tiny
    return all(
        bool((of_lean[address] - tensor).abs().max() <= SAME * tensor.abs().max().clamp_min(tiny))
        for address, tensor in plain.items()
    )
