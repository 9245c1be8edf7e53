"""The stages of a network: the few layers that tell its depth, found from its modules and shapes alone."""

from collections.abc import Sequence

from torch import nn

from mindseye.errors import UserError
from mindseye.layers.layer import Layer, check_gradients, find_layer, list_outputs

FEWEST = 4
EVEN_STAGES = 6
TOKEN_DEPTH = 5 / 6
"""How deep in a plain transformer the layer lies that is meant where the user names none."""
NO_STAGE = ("Pool", "Drop", "Identity", "Permute", "Flatten")


def trunk(network: nn.Module, layers: Sequence[Layer]) -> list[Layer]:
    """The blocks that the image passes on its way to the head, in the order of firing.

    Containers are opened: sequences whose parts have parts of their own, and modules that hold most of the parameters
    (an ``encoder``, a ``backbone``). What lies behind the last layer with more than one position is the head; modules that
    only pool, drop or reorder are no blocks.
    """
    total = sum(parameter.numel() for parameter in network.parameters())
    names = set(_open("", network, total, is_root=True))
    blocks = [
        layer
        for layer in list_outputs(layers)
        if layer.address in names and not any(part in layer.kind for part in NO_STAGE)
    ]
    spatial = [index for index, block in enumerate(blocks) if block.positions > 1]
    return blocks[: spatial[-1] + 1] if spatial else blocks


def stages(network: nn.Module, layers: Sequence[Layer]) -> list[Layer]:
    """One layer per stage, early to late: the last block of each run of equal width and resolution.

    The stem (the highest resolution) is left out where enough stages remain; a network that keeps one resolution and
    width throughout (a plain vision transformer) is cut evenly by depth.

    Raises:
        UserError: if no module of the network fires.
    """
    blocks = _trunk(network, layers)
    ends = [
        block
        for block, after in zip(blocks, [*blocks[1:], None], strict=True)
        if after is None or _shape(block) != _shape(after)
    ]
    below_stem = [block for block in ends if block.positions < max(end.positions for end in ends)]
    if len(below_stem) >= FEWEST:
        return below_stem
    if len(ends) >= FEWEST or len(blocks) < 2 * len(ends) + EVEN_STAGES:
        return ends
    count = EVEN_STAGES
    return [blocks[round((index + 1) * len(blocks) / count) - 1] for index in range(count)]


def stages_below(network: nn.Module, layers: Sequence[Layer], target: Layer) -> list[Layer]:
    """The stages that have fired before the target layer has, early to late, the target itself left out."""
    return _below(stages(network, layers), layers, target)


def blocks_below(network: nn.Module, layers: Sequence[Layer], target: Layer) -> list[Layer]:
    """The blocks of the trunk that have fired before the target layer has, early to late, the target itself left out.

    As of the stages, those of the highest resolution (the stem) are left out where enough remain. Of a block and the
    normalisation or activation function behind it, the latter alone is taken: the two say the same.
    """
    blocks = trunk(network, layers)
    modules = dict(network.named_modules())
    blocks = [
        block
        for block, after in zip(blocks, [*blocks[1:], None], strict=True)
        if after is None or _shape(block) != _shape(after) or not _is_pointwise(modules[after.module])
    ]
    below_stem = [block for block in blocks if block.positions < max(other.positions for other in blocks)]
    return _below(below_stem if len(below_stem) >= FEWEST else blocks, layers, target)


def default_layer(network: nn.Module, layers: Sequence[Layer]) -> Layer:
    """The layer that is meant where the user names none: the last before pooling, of a plain transformer an earlier block.

    A plain transformer has tokens of one width and number throughout. Its last blocks serve what it was trained for, and
    their tokens say less of what is where (Ghiasi et al., "What do Vision Transformers learn? A Visual Exploration", 2022).

    Raises:
        UserError: if no module of the network fires.
    """
    blocks, modules = _trunk(network, layers), dict(network.named_modules())
    last = find_layer(layers, blocks[-1].address)
    if last.layout.axes != "tokens" or len({_shape(block) for block in blocks}) > 1:
        return last
    blocks = [block for block in blocks if not _is_pointwise(modules[block.module])]
    return find_layer(layers, blocks[round(TOKEN_DEPTH * len(blocks)) - 1].address) if blocks else last


def last_before_pooling(network: nn.Module, layers: Sequence[Layer]) -> Layer:
    """The last layer with more than one position.

    Raises:
        UserError: if no module of the network fires.
    """
    return find_layer(layers, _trunk(network, layers)[-1].address)


def choose_layers(
    network: nn.Module, layers: Sequence[Layer], asked: Sequence[str], painted: bool = True
) -> list[Layer]:
    """The layers that ``--layers`` asks for, early to late: addresses, ``auto`` (one per stage), or none: the default.

    Raises:
        UserError: if a layer does not fire; if it is to be painted, and no gradient of it reaches the image.
    """
    if not asked:
        chosen = [default_layer(network, layers)]
    elif list(asked) == ["auto"]:
        every = stages(network, layers)
        chosen = [stage for stage in every if stage.has_gradient] or every
    else:
        order = {(layer.module, layer.call, layer.of_input): index for index, layer in enumerate(layers)}
        chosen = [find_layer(layers, address) for address in dict.fromkeys(asked)]
        chosen.sort(key=lambda layer: order[layer.module, layer.call, layer.of_input])
    if painted:
        check_gradients(chosen)
    return chosen


def _trunk(network: nn.Module, layers: Sequence[Layer]) -> list[Layer]:
    """The blocks of ``trunk``, of which there is at least one.

    Raises:
        UserError: if no module of the network fires.
    """
    blocks = trunk(network, layers)
    if not blocks:
        raise UserError("no module of this network gives activations; name a layer by hand")
    return blocks


def _below(chosen: Sequence[Layer], layers: Sequence[Layer], target: Layer) -> list[Layer]:
    """Those of some layers that have fired before the target, and do not hold it."""
    order = {layer.address: index for index, layer in enumerate(list_outputs(layers))}
    place = {(layer.module, layer.call): index for index, layer in enumerate(list_outputs(layers))}
    end = place.get((target.module, target.call), len(order))
    return [
        layer
        for layer in chosen
        if order[layer.address] < end and layer.has_gradient and not target.module.startswith(layer.module + ".")
    ]


def _shape(layer: Layer) -> tuple[int, int]:
    return layer.channels, layer.positions


def _is_pointwise(module: nn.Module) -> bool:
    """Whether a module looks at each value by itself: no weight that joins channels or neighbours."""
    return all(parameter.ndim < 2 for parameter in module.parameters())


def _open(name: str, module: nn.Module, total: int, is_root: bool = False) -> list[str]:
    children = list(module.named_children())
    has_parts = any(True for _, child in children for _ in child.children())
    is_sequence = isinstance(module, nn.Sequential | nn.ModuleList)
    share = sum(parameter.numel() for parameter in module.parameters()) / max(total, 1)
    is_wrapper = share > 0.5 and any(isinstance(child, nn.Sequential | nn.ModuleList) for _, child in children)
    is_flat_trunk = is_sequence and not has_parts and "." not in name
    if children and (is_root or (is_sequence and has_parts) or is_wrapper or is_flat_trunk):
        return [inner for child, part in children for inner in _open(f"{name}.{child}".lstrip("."), part, total)]
    return [name] if name else []
