"""Weights from the user's own file, read as plain tensors: nothing in a checkpoint is ever run."""

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from mindseye.errors import UserError, one_line

WRAPPERS = ("state_dict", "model_state_dict", "model")
PREFIXES = ("module.", "_orig_mod.")
NAMED = 3

State = dict[str, Tensor]


def read_checkpoint(path: str | Path) -> State:
    """The tensors of a checkpoint by name: safetensors, or what ``torch.save(network.state_dict(), ...)`` wrote.

    A state dict inside ``{"state_dict": ...}`` or ``{"model": ...}`` is found, and the names' prefix ``module.``
    (DataParallel) or ``_orig_mod.`` (torch.compile) is left out.

    Raises:
        UserError: if the file is missing, damaged, or holds anything but tensors and plain values.
    """
    file = Path(path)
    if not file.is_file():
        raise UserError(f"no checkpoint {str(path)!r}")
    try:
        if file.suffix == ".safetensors":
            content: Any = load_file(file, device="cpu")
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about the pickle's dialect
                content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{str(path)!r} is damaged, or holds code beside its weights (not run): save network.state_dict() alone"
        ) from error
    except Exception as error:  # torch's restricted unpickler trips over a damaged file in many ways
        raise UserError(f"cannot read the checkpoint {str(path)!r}: {one_line(error)}") from error
    state = _unwrap(content)
    if not state:
        raise UserError(f"{str(path)!r} holds no state dict (names with tensors)")
    return _strip_prefix(state)


def fill(network: nn.Module, state: State, path: str | Path, name: str) -> None:
    """Copy a checkpoint's tensors into the network.

    Raises:
        UserError: naming the first tensors that are missing, left over or of another shape; nothing is copied then.
    """
    own = network.state_dict()
    missing = [key for key in own if key not in state and not key.endswith("num_batches_tracked")]
    left_over = [key for key in state if key not in own]
    shapes = [key for key in own if key in state and own[key].shape != state[key].shape]
    problems = [
        *([f"missing {_list_first(missing)}"] if missing else []),
        *([f"unexpected {_list_first(left_over)}"] if left_over else []),
        *(f"{key!r} is {tuple(state[key].shape)}, the model's {tuple(own[key].shape)}" for key in shapes[:NAMED]),
    ]
    if problems:
        raise UserError(f"the checkpoint {str(path)!r} does not fit {name}: {'; '.join(problems)}")
    network.load_state_dict(state, strict=False)


def classes_in(state: State, network: nn.Module) -> int | None:
    """How many classes the checkpoint's classifier has, if it differs from the network's in that number only."""
    own = network.state_dict()
    differing = [key for key in own if key in state and own[key].shape != state[key].shape]
    if not all(own[key].dim() and own[key].shape[1:] == state[key].shape[1:] for key in differing):
        return None
    changes = {(own[key].shape[0], state[key].shape[0]) for key in differing}
    return changes.pop()[1] if len(changes) == 1 else None


def _unwrap(content: Any) -> State:
    for wrapper in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping):
        return {}
    return {str(key): value for key, value in content.items() if isinstance(value, Tensor)}


def _strip_prefix(state: State) -> State:
    for prefix in PREFIXES:
        if all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _list_first(keys: list[str]) -> str:
    more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
    return ", ".join(repr(key) for key in keys[:NAMED]) + more
