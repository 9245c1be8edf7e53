"""A network of the user's own: ``path/to/file.py:factory``, ``package.module:factory``, or a module that was given.

What such a network says about itself, in attributes:

- ``preprocessing``: a ``Preprocessing``, or a dict with some of its fields; without it values stay in [0, 1].
- ``labels``: the names of its classes, by index; ``wnids``: their WordNet identifiers.
- ``in_channels`` or ``in_chans``: planes of its input; else those of its first convolution, else 3.
- ``image_size``, ``img_size`` or ``input_size``: the side of its square input; else what the user asks for, else 224.

What the network does not take is not believed: others are tried (``inputs``).
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from mindseye.errors import UserError
from mindseye.models.inputs import Accepted, Guess, find_input, guess_planes, guess_sides
from mindseye.models.kinds import find_attribute
from mindseye.models.library import seed_weights
from mindseye.preprocessing import Preprocessing, from_mapping, identity
from mindseye.user_code import load_object, run_user_code


def load_custom(spec: str) -> tuple[str, nn.Module]:
    """Name and network of ``file.py:factory`` or ``package.module:factory``; the factory is called without arguments.

    Its random weights are the same each time.

    Raises:
        UserError: if there is no such file, module or factory, if the user's code fails, or makes no module.
    """
    with seed_weights(), run_user_code(spec):
        # Run anew each time: two threads must not be given one network, which a module that is kept would hold.
        made = load_object(spec, "factory", fresh=True)
        network = made if isinstance(made, nn.Module) or not callable(made) else made()
    if not isinstance(network, nn.Module):
        raise UserError(f"{spec!r} gives a {type(network).__name__}, not a torch.nn.Module")
    place, _, factory = spec.rpartition(":")
    return f"{Path(place).stem if place.endswith('.py') else place}.{factory}", network


def accept_images(network: nn.Module, size: int | None = None) -> tuple[Preprocessing, Accepted]:
    """The preprocessing that a network states in its attributes, see above, and the images that it was seen to take.

    Args:
        network: in evaluation mode.
        size: side in px that the user asks for; it counts where the network states none.

    Raises:
        UserError: if what it states makes no sense, or it takes no images.
    """
    stated = find_attribute(network, "preprocessing")
    if isinstance(stated, nn.Module) or (callable(stated) and not isinstance(stated, Preprocessing)):
        stated = None  # a part of the network's own, or a transform, that happens to have this name
    config = find_attribute(network, "pretrained_cfg")
    if stated is None and isinstance(config, dict) and config.get("input_size"):
        from mindseye.models.timm import timm_preprocessing

        stated = timm_preprocessing(config, "timm, the network's pretrained_cfg")
    if isinstance(stated, Preprocessing):
        planes, sides = [Guess(stated.in_channels, "preprocessing")], [Guess(stated.size, "preprocessing")]
        return stated, find_input(network, planes, sides)
    if stated is not None and not isinstance(stated, dict):
        raise UserError(f"the model's preprocessing is a {type(stated).__name__}, not a Preprocessing or a dict")
    planes, sides = guess_planes(network), guess_sides(network, size)
    if stated:
        whole = from_mapping(stated, identity(planes[0].value, sides[0].value))
        if whole.in_channels != planes[0].value:
            planes = [Guess(whole.in_channels, "preprocessing")]
        if "size" in stated:
            sides = [Guess(whole.size, "preprocessing")]
    accepted = find_input(network, planes, sides)
    base = identity(accepted.in_channels, accepted.size)
    return base if not stated else from_mapping(stated, base), accepted


def read_names(network: nn.Module, attribute: str) -> tuple[str, ...] | None:
    """The network's ``labels`` or ``wnids`` by index, if it has any: a list, or a dict from index to name.

    Raises:
        UserError: if the keys of a dict are not the indices 0, 1, 2, ...
    """
    names = find_attribute(network, attribute)
    if isinstance(names, np.ndarray | Tensor) and names.ndim == 1 and not isinstance(names, nn.Parameter):
        names = names.tolist()
    if isinstance(names, Mapping):
        by_index = {str(key): str(name) for key, name in names.items()}
        if set(by_index) != {str(index) for index in range(len(by_index))}:
            raise UserError(
                f"the model's {attribute} are a dict whose keys are not the indices 0 to {len(by_index) - 1}"
            )
        return tuple(by_index[str(index)] for index in range(len(by_index))) or None
    if not isinstance(names, Sequence) or isinstance(names, str):
        return None
    return tuple(str(name) for name in names) or None


def unread_names(network: nn.Module) -> tuple[str, ...]:
    """A line on each of ``labels`` and ``wnids`` that is neither names nor a part of the network's own of that name."""
    lines = []
    for attribute in ("labels", "wnids"):
        stated = find_attribute(network, attribute)
        if isinstance(stated, str | Set | Iterator) and stated:
            kind = type(stated).__name__
            lines.append(f"the attribute {attribute} is a {kind}, no list of names by index: it is not read")
    return tuple(lines)
