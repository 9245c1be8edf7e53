"""A network of the user's own: ``path/to/file.py:factory``, ``package.module:factory``, or a module that was given.

What such a network says about itself, in attributes:

- ``preprocessing``: a ``Preprocessing``, or a dict with some of its fields; without it values stay in [0, 1].
- ``labels``: the names of its classes, by index; ``wnids``: their WordNet identifiers.
- ``in_channels`` or ``in_chans``: its input channels; else those of its first convolution, else 3.
- ``image_size``, ``img_size`` or ``input_size``: the side of its square input; else what the user asks for, else 224.
"""

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from mindseye.errors import UserError
from mindseye.models.library import seed_weights
from mindseye.preprocessing import Preprocessing, from_mapping, identity
from mindseye.user_code import load_object, run_user_code

DEFAULT_SIDE = 224
CHANNEL_NAMES = ("in_channels", "in_chans")
SIZE_NAMES = ("image_size", "img_size", "input_size")


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


def read_preprocessing(network: nn.Module, size: int | None = None) -> Preprocessing:
    """The preprocessing that a network states in its attributes, see above; ``size`` where it states no side.

    Raises:
        UserError: if what it states makes no sense.
    """
    stated = getattr(network, "preprocessing", None)
    if isinstance(stated, Preprocessing):
        return stated
    config = getattr(network, "pretrained_cfg", None)
    if stated is None and isinstance(config, dict) and config.get("input_size"):
        from mindseye.models.timm import timm_preprocessing

        return timm_preprocessing(config, "timm, the network's pretrained_cfg")
    base = identity(guess_in_channels(network), _read_side(network) or size or DEFAULT_SIDE)
    if stated is None:
        return base
    if not isinstance(stated, dict):
        raise UserError(f"the model's preprocessing is a {type(stated).__name__}, not a Preprocessing or a dict")
    return from_mapping(stated, base)


def read_names(network: nn.Module, attribute: str) -> tuple[str, ...] | None:
    """The network's ``labels`` or ``wnids``, if it has any."""
    names = getattr(network, attribute, None)
    if not isinstance(names, Sequence) or isinstance(names, str):
        return None
    return tuple(str(name) for name in names) or None


def guess_in_channels(network: nn.Module) -> int:
    """The number of input channels: as stated, else of the first convolution (ViTs cut patches with one), else 3."""
    for name in CHANNEL_NAMES:
        stated = getattr(network, name, None)
        if isinstance(stated, int):
            return stated
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            return module.in_channels
    return 3


def _read_side(network: nn.Module) -> int | None:
    for name in SIZE_NAMES:
        stated = getattr(network, name, None)
        sides = [stated] if isinstance(stated, int) else list(stated)[-2:] if isinstance(stated, tuple | list) else []
        if not sides or not all(isinstance(side, int) for side in sides):
            continue
        if len(set(sides)) > 1:
            raise UserError(f"the model's {name} is {stated}; only squares can be painted")
        return int(sides[0])
    return None
