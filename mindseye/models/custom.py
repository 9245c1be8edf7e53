"""A network of the user's own: ``path/to/file.py:factory``, ``package.module:factory``, or a module that was given.

What such a network says about itself, in attributes:

- ``preprocessing``: a ``Preprocessing``, or a dict with some of its fields; without it values stay in [0, 1].
- ``labels``: the names of its classes, by index; ``wnids``: their WordNet identifiers.
- ``in_channels`` or ``in_chans``: its input channels; else those of its first convolution, else 3.
- ``image_size``, ``img_size`` or ``input_size``: the side of its square input; else what the user asks for, else 224.
"""

import difflib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from torch import nn

from mindseye.errors import UserError, one_line
from mindseye.models.library import seed_weights
from mindseye.preprocessing import Preprocessing, from_mapping, identity

DEFAULT_SIDE = 224
CHANNEL_NAMES = ("in_channels", "in_chans")
SIZE_NAMES = ("image_size", "img_size", "input_size")


def load_custom(spec: str) -> tuple[str, nn.Module]:
    """Name and network of ``file.py:factory`` or ``package.module:factory``; the factory is called without arguments.

    Its random weights are the same each time.

    Raises:
        UserError: if there is no such file, module or factory, if the user's code fails, or makes no module.
    """
    place, _, factory = spec.rpartition(":")
    if not place or not factory:
        raise UserError(f"{spec!r} names no factory; write path/to/file.py:factory or package.module:factory")
    file = Path(place)
    is_file = file.suffix == ".py"
    if is_file and not file.is_file():
        raise UserError(f"no file {place!r}")
    with _importable(file.resolve().parent if is_file else Path.cwd()), _explain_errors(spec), seed_weights():
        module = _module_in(file) if is_file else importlib.import_module(place)
        made = getattr(module, factory, None)
        if made is None:
            raise UserError(f"{place!r} has no {factory!r}{_hint(factory, module)}")
        network = made if isinstance(made, nn.Module) or not callable(made) else made()
    if not isinstance(network, nn.Module):
        raise UserError(f"{spec!r} gives a {type(network).__name__}, not a torch.nn.Module")
    return f"{file.stem if is_file else place}.{factory}", network


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


def _module_in(file: Path) -> ModuleType:
    name = f"mindseye_user_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UserError(f"cannot import {str(file)!r}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look the module up there
    spec.loader.exec_module(module)
    return module


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let the user's file import what lies beside it."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(str(folder))


@contextmanager
def _explain_errors(spec: str) -> Iterator[None]:
    """Errors of the user's code in one line, with the place where they arose."""
    try:
        yield
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        raise UserError(f"{spec!r} fails with {type(error).__name__}: {one_line(error)}{_where(error)}") from error


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    users = [frame for frame in frames if frame.filename != __file__ and "importlib" not in frame.filename]
    return f" ({Path(users[-1].filename).name}, line {users[-1].lineno})" if users else ""


def _hint(name: str, module: ModuleType) -> str:
    near: list[str] = difflib.get_close_matches(name, [known for known in vars(module) if known[0] != "_"], n=4)
    return f"; near: {', '.join(near)}" if near else ""
