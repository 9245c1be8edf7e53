"""A network of the user's own: ``path/to/file.py:factory``, ``package.module:factory``, or a module that was given.

What such a network says about itself, in attributes:

- ``preprocessing``: a ``Preprocessing``, or a dict with some of its fields; without it values stay in [0, 1].
- ``labels``: the names of its classes, by index; ``wnids``: their WordNet identifiers.
- ``in_channels`` or ``in_chans``: planes of its input; else those of its first convolution, else 3.
- ``image_size``, ``img_size`` or ``input_size``: the side of its square input; else what the user asks for, else 224.

What the network does not take is not believed: others are tried (``inputs``).
"""

import difflib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from torch import nn

from mindseye.errors import UserError, one_line
from mindseye.models.inputs import Accepted, Guess, find_input, guess_planes, guess_sides
from mindseye.models.library import seed_weights
from mindseye.preprocessing import Preprocessing, from_mapping, identity


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
    file = file.resolve() if is_file else file
    with importable(spec), _explain_errors(spec), seed_weights():
        module = _module_in(file) if is_file else importlib.import_module(place)
        made = getattr(module, factory, None)
        if made is None:
            raise UserError(f"{place!r} has no {factory!r}{_hint(factory, module)}")
        network = made if isinstance(made, nn.Module) or not callable(made) else made()
    if not isinstance(network, nn.Module):
        raise UserError(f"{spec!r} gives a {type(network).__name__}, not a torch.nn.Module")
    return f"{file.stem if is_file else place}.{factory}", network


def accept_images(network: nn.Module, size: int | None = None) -> tuple[Preprocessing, Accepted]:
    """The preprocessing that a network states in its attributes, see above, and the images that it was seen to take.

    Args:
        network: in evaluation mode.
        size: side in px that the user asks for; it counts where the network states none.

    Raises:
        UserError: if what it states makes no sense, or it takes no images.
    """
    stated = getattr(network, "preprocessing", None)
    if isinstance(stated, nn.Module) or (callable(stated) and not isinstance(stated, Preprocessing)):
        stated = None  # a part of the network's own, or a transform, that happens to have this name
    config = getattr(network, "pretrained_cfg", None)
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
    names = getattr(network, attribute, None)
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
def importable(spec: str) -> Iterator[None]:
    """Let the user's file import what lies beside it, and a package what lies in the working folder; keep that folder.

    A network may import something only when it first looks at an image: its first pass belongs inside.
    """
    place = Path(spec.rpartition(":")[0])
    working = Path.cwd()
    folder = str(place.resolve().parent if place.suffix == ".py" else working)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        os.chdir(working)
        with suppress(ValueError):
            sys.path.remove(folder)


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
