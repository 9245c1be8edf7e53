"""Class activation maps: where in the last maps, read off directly (CAM) or by their mean gradient (Grad-CAM)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mindseye.attribution.explanation import Explanation, check_images, explanation
from mindseye.attribution.score import Score
from mindseye.errors import UserError
from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.layers.stages import trunk
from mindseye.models.freeze import freeze
from mindseye.models.load import Model
from mindseye.models.output_parts import first_tensor
from mindseye.optimize.objectives.objective import for_images

TOLERANCE = 1e-4


@dataclass(frozen=True)
class PooledHead:
    """Where a network takes the mean of a map, and the name of the linear layer behind it."""

    features: Layer
    linear: str


@torch.no_grad()
def cam(score: Score, images: Tensor, head: PooledHead) -> Explanation:
    """The class activation map, ``M(p) = sum_k w_k a_k(p)``, resized to the image; signed.

    Zhou et al., "Learning Deep Features for Discriminative Localization" (CVPR 2016). Its mean over positions, with the
    bias, is the score itself.

    Args:
        score: of the network's output, as ``class_score`` gives it.
        images: [images, channels, height, width] in [0, 1].
        head: as ``pooled_head`` finds it.

    Returns:
        A signed map; numbers: ``score`` and ``bias``, what it would be without any activation. The settings name the layer.
    """
    check_images(images, score.model.in_channels)
    features, linear = head.features, cast("nn.Linear", score.model.network.get_submodule(head.linear))
    weight, bias = linear.weight.float(), torch.zeros(()) if linear.bias is None else linear.bias.float()
    with freeze(score.model.network), Reader(score.model.network, [features]) as read:
        activation = read(score.model.preprocessing.normalise(images))[features.address].float()
    direction = for_images(score.direction[..., 0].to(weight), activation)
    grid = torch.einsum("bk,bkp->bp", direction @ weight, activation)
    biases = direction @ bias.expand(len(weight)).to(weight)
    settings = {"layer": features.address}
    resized = _on_image(grid, features, images)
    return explanation("cam", resized, True, settings, score=grid.mean(1) + biases, bias=biases)


def pooled_head(score: Score, image: Tensor, layers: Sequence[Layer]) -> PooledHead:
    """The map and the linear layer of a network whose output is that layer of that map's mean, found by running it.

    Args:
        score: of the network's output.
        image: [1, channels, height, width] in [0, 1]; noise serves.
        layers: what ``survey`` found at the image's size.

    Raises:
        UserError: if the output is not one linear layer of the mean of a map; Grad-CAM works there.
    """
    modules = dict(score.model.network.named_modules())
    linears = [layer.module for layer in layers if not layer.of_input and layer.positions == 1]
    maps = [layer for layer in layers if not layer.of_input and layer.rows_and_columns and layer.positions > 1]
    inputs = score.model.preprocessing.normalise(image)
    with freeze(score.model.network), torch.no_grad():
        output = score.read(inputs).flatten(1)
        for name in reversed(linears):
            head = modules[name]
            if not isinstance(head, nn.Linear) or head.out_features != output.shape[1]:
                continue
            for features in reversed([layer for layer in maps if layer.channels == head.in_features]):
                with Reader(score.model.network, [features]) as read:
                    mean = read(inputs)[features.address].mean(-1)
                if torch.allclose(head(mean), output, rtol=TOLERANCE, atol=TOLERANCE):
                    return PooledHead(features, name)
    raise UserError(
        f"CAM needs scores that are one linear layer of the mean of a map, which {score.layer.address!r} of "
        f"{score.model.name!r} is not; take 'grad-cam'"
    )


def grad_cam(score: Score, images: Tensor, layer: Layer) -> Explanation:
    """Grad-CAM, ``relu(sum_k mean_p(d score / d a_k(p)) a_k)``, resized to the image; not signed.

    Selvaraju et al., "Grad-CAM" (ICCV 2017), Eqs. 1 and 2. Not by Captum, which reads modules and not addresses: it has
    neither one call of a reused module, nor tokens, nor what a later module overwrites.

    Args:
        score: what is explained; it may be read from this very layer.
        images: [images, channels, height, width] in [0, 1].
        layer: with rows and columns, on the way to the score; the last one before pooling is usual.

    Raises:
        UserError: if the layer has no rows and columns, or the score does not depend on it.
    """
    grid, values = grad_map(score, images, layer)
    return explanation("grad-cam", _on_image(grid, layer, images), False, {"layer": layer.address}, score=values)


def grad_map(score: Score, images: Tensor, layer: Layer) -> tuple[Tensor, Tensor]:
    """Grad-CAM in the layer's own grid, [images, rows * columns], and the score [images]; arguments as for ``grad_cam``.

    Raises:
        UserError: as ``grad_cam``.
    """
    check_images(images, score.model.in_channels)
    if layer.rows_and_columns is None or layer.of_input:
        raise UserError(f"Grad-CAM needs the output of a layer with rows and columns, which {layer.address!r} is not")
    activation, slopes, values = _with_slopes(score, images, layer)
    if slopes is None:
        raise UserError(f"{score.name} does not depend on layer {layer.address!r}; name one that comes before it")
    return (slopes.mean(-1, keepdim=True) * activation).sum(1).clamp(min=0), values


def last_map(score: Score, image: Tensor, layers: Sequence[Layer]) -> Layer:
    """The last layer with rows and columns on which a score depends, where Grad-CAM looks unless it is told otherwise.

    The score's own layer, where it has them; else the last block of the trunk whose positions the score depends on. What
    a vision transformer's last block gives at its patches goes nowhere, so there it is the block before.

    Args:
        score: what is explained.
        image: [1, channels, height, width] in [0, 1]; noise serves.
        layers: what ``survey`` found at the image's size.

    Raises:
        UserError: if there is no such layer.
    """
    score_layer = score.layer
    if score_layer.module and score_layer.rows_and_columns and score_layer.positions > 1 and not score_layer.of_input:
        return score_layer
    blocks = trunk(score.model.network, layers)
    for block in reversed([block for block in blocks if block.rows_and_columns and block.positions > 1]):
        _, slopes, _ = _with_slopes(score, image, block)
        if slopes is not None and bool((slopes != 0).any()):
            return block
    raise UserError(f"{score.name} depends on no block with rows and columns of {score.model.name!r}; take 'occlusion'")


def _with_slopes(score: Score, images: Tensor, layer: Layer) -> tuple[Tensor, Tensor | None, Tensor]:
    """The layer's activations and the score's gradients there, both [images, channels, positions], and the score.

    The activations are empty and the gradients None where the score does not depend on the layer.
    """
    if len(images) > 1 and (layer.reading.singly or score.layer.reading.singly):
        parts = [_with_slopes(score.select([place]), images[place : place + 1], layer) for place in range(len(images))]
        each_value = torch.cat([part[2] for part in parts])
        each_slope = [part[1] for part in parts if part[1] is not None]
        if len(each_slope) < len(parts):
            return images.new_empty(0), None, each_value
        return torch.cat([part[0] for part in parts]), torch.cat(each_slope), each_value
    pixels = images.detach().clone().requires_grad_()
    with freeze(score.model.network), torch.enable_grad(), _layer_output(score.model, layer) as outputs:
        values = score(pixels)
        slope = torch.autograd.grad(values.sum(), outputs[0], allow_unused=True)[0] if outputs else None
    if slope is None:
        return pixels.new_empty(0), None, values.detach()
    activation, slopes = (layer.layout.to_positions(part.detach(), len(images)).float() for part in (outputs[0], slope))
    return activation, slopes, values.detach()


@contextmanager
def _layer_output(model: Model, layer: Layer) -> Iterator[list[Tensor]]:
    """What a layer gives in the forward pass inside the context, with its place in the graph."""
    outputs: list[Tensor] = []
    calls = 0

    def keep(module: nn.Module, inputs: Any, output: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls - 1 != layer.call:
            return None
        tensor = first_tensor(output)
        if tensor is None:
            return None
        outputs.append(tensor)
        # What comes later gets a copy: a module that works in place would overwrite what is kept.
        return tensor.clone() if output is tensor else None

    module = dict(model.network.named_modules())[layer.module]
    handle = module.register_forward_hook(keep, prepend=True)
    try:
        yield outputs
    finally:
        handle.remove()


def _on_image(grid: Tensor, layer: Layer, images: Tensor) -> Tensor:
    """A map [images, positions] of a layer at the size of the images, [images, height, width], bilinear."""
    rows, columns = layer.rows_and_columns or (1, layer.positions)
    maps = grid.reshape(-1, 1, rows, columns)
    size = (images.shape[-2], images.shape[-1])
    return functional.interpolate(maps, size=size, mode="bilinear", align_corners=False)[:, 0]
