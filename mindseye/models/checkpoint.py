"""Weights from the user's own file, read as plain tensors: nothing in a checkpoint is ever run."""

import argparse
import pathlib
import pickle
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from mindseye.errors import UserError, one_line

PREFERRED = (
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "teacher",
    "ema",
    "model_ema",
    "ema_state_dict",
)
"""Under which names programs keep a state dict; the first counts where several fit alike."""
BOOKKEEPING = ("num_batches_tracked", "total_ops", "total_params", "n_averaged")
"""Last parts of the names of numbers that are no weights: counters of batch norm, of profilers, of weight averaging."""
DEPTH = 3
NAMED = 3
State = dict[str, Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds. states: every state dict in it, by the names that lead to it; "" for the file itself."""

    path: str
    states: dict[str, State]


def read_checkpoint(path: str | Path) -> Checkpoint:
    """The state dicts of a checkpoint: safetensors, or what ``torch.save`` wrote, wherever they are kept in it.

    Raises:
        UserError: if the file is missing, damaged, or holds anything but tensors, arrays and plain values.
    """
    file = Path(path)
    if not file.is_file():
        raise UserError(f"no checkpoint {str(path)!r}")
    try:
        if file.suffix == ".safetensors":
            content: Any = load_file(file, device="cpu")
        else:
            _refuse_torchscript(file)
            with warnings.catch_warnings(), torch.serialization.safe_globals(_plain_classes()):
                warnings.simplefilter("ignore")  # about the pickle's dialect
                content = torch.load(file, map_location="cpu", weights_only=True)
    except UserError:
        raise
    except pickle.UnpicklingError as error:
        name = re.search(r"GLOBAL ([\w.]+)", str(error))
        code = f"code ({name[1]}) beside its weights" if name else "code beside its weights"
        raise UserError(
            f"{str(path)!r} is damaged, or holds {code} (not run): save network.state_dict() alone"
        ) from error
    except Exception as error:  # torch's restricted unpickler trips over a damaged file in many ways
        raise UserError(f"cannot read the checkpoint {str(path)!r}: {one_line(error)}") from error
    states = {name: state for name, state in _states(content, "", DEPTH) if state}
    if not states:
        inside = (
            f" (it holds {_list_first(list(map(str, content)))})" if isinstance(content, Mapping) and content else ""
        )
        raise UserError(f"{str(path)!r} holds no state dict (names with tensors){inside}")
    return Checkpoint(str(path), states)


def fit(checkpoint: Checkpoint, network: nn.Module) -> tuple[State, str]:
    """The state dict of a checkpoint that fits a network best, under the network's own names, and a line on what was taken.

    A prefix that all the network's names have in the checkpoint (``module.``, ``_orig_mod.``, ``model.``, ``backbone.``) is left
    out, and what does not have it is left aside. The line is empty where the file is the network's state dict and nothing else.
    """
    own = network.state_dict()
    best: tuple[tuple[int, int, int, int], str, str, State] | None = None
    for number, (place, state) in enumerate(sorted(checkpoint.states.items(), key=lambda entry: _rank(entry[0]))):
        for prefix in _prefixes(state, own):
            inner = {key.removeprefix(prefix): tensor for key, tensor in state.items() if key.startswith(prefix)}
            named = _with_own_wrapper(inner, own)
            shaped = sum(1 for key in own if key in named and _shape(own[key]) in (None, named[key].shape))
            score = (shaped, sum(1 for key in own if key in named), -len(prefix), -number)
            if best is None or score > best[0]:
                best = score, place, prefix, named
    assert best is not None
    (shaped, *_), place, prefix, state = best
    kept = {key: tensor for key, tensor in state.items() if key in own or not key.endswith(BOOKKEEPING)}
    aside = len(checkpoint.states[place]) - len(kept)
    if not place and not prefix and not aside and len(checkpoint.states) == 1:
        return kept, ""
    where = f" {place!r}" if place else " the file's own tensors"
    without = f" without the prefix {prefix!r}" if prefix else ""
    more = f", {aside} others left aside" if aside else ""
    rest = [other for other in checkpoint.states if other != place]
    others = f" (it also holds {_list_first(rest)})" if rest else ""
    return kept, (
        f"from {checkpoint.path!r} was taken{where}{without}: {shaped} of the model's {len(own)} tensors{more}{others}"
    )


def fill(network: nn.Module, state: State, path: str | Path, name: str) -> None:
    """Copy a checkpoint's tensors into the network; those without memory (on the meta device) are replaced.

    Raises:
        UserError: naming the first tensors that are missing, left over or of another shape; nothing is copied then.
    """
    own = network.state_dict()
    missing = [key for key in own if key not in state and not key.endswith(BOOKKEEPING)]
    left_over = [key for key in state if key not in own]
    shapes = [key for key in own if key in state and _shape(own[key]) not in (None, state[key].shape)]
    problems = [
        *([f"missing {_list_first(missing)}"] if missing else []),
        *([f"unexpected {_list_first(left_over)}"] if left_over else []),
        *(f"{key!r} is {tuple(state[key].shape)}, the model's {tuple(own[key].shape)}" for key in shapes[:NAMED]),
    ]
    if problems:
        raise UserError(f"the checkpoint {str(path)!r} does not fit {name}: {'; '.join(problems)}")
    has_empty = any(isinstance(tensor, Tensor) and tensor.is_meta for tensor in own.values())
    network.load_state_dict(state, strict=False, assign=has_empty)


def classes_in(state: State, network: nn.Module) -> int | None:
    """How many classes the checkpoint's classifier has, if it differs from the network's in that number only."""
    own = network.state_dict()
    differing = [key for key in own if key in state and own[key].shape != state[key].shape]
    if not all(own[key].dim() and own[key].shape[1:] == state[key].shape[1:] for key in differing):
        return None
    changes = {(own[key].shape[0], state[key].shape[0]) for key in differing}
    return changes.pop()[1] if len(changes) == 1 else None


def _states(content: Any, place: str, depth: int) -> Iterator[tuple[str, State]]:
    """Every mapping that holds tensors or arrays of numbers, with the names that lead to it."""
    if not isinstance(content, Mapping):
        return
    tensors = {str(key): _tensor(value) for key, value in content.items()}
    yield place, {key: tensor for key, tensor in tensors.items() if tensor is not None}
    if depth:
        for key, value in content.items():
            if str(key) != "optimizer":
                yield from _states(value, f"{place}.{key}".lstrip("."), depth - 1)


def _tensor(value: Any) -> Tensor | None:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return torch.from_numpy(np.ascontiguousarray(value).reshape(value.shape))
    return None


def _rank(place: str) -> tuple[int, str]:
    return (PREFERRED.index(place) if place in PREFERRED else len(PREFERRED) if place else -1, place)


def _prefixes(state: State, own: Mapping[str, Any]) -> list[str]:
    """The beginnings that stand before a name of the network's, or before it without the network's own wrapper."""
    prefixes = {""}
    bare = _without_wrapper(own)
    for name in list(bare)[:NAMED]:
        prefixes |= {key.removesuffix(name) for key in state if key.endswith(f".{name}")}
    return sorted(prefixes, key=len)


def _wrapper(own: Mapping[str, Any]) -> str:
    """The first part of all the network's names, where they share one: a network inside DataParallel or torch.compile."""
    first = {key.partition(".")[0] for key in own}
    return f"{first.pop()}." if len(first) == 1 and all("." in key for key in own) else ""


def _without_wrapper(own: Mapping[str, Any]) -> dict[str, Any]:
    wrapper = _wrapper(own)
    return {key.removeprefix(wrapper): value for key, value in own.items()}


def _with_own_wrapper(state: State, own: Mapping[str, Any]) -> State:
    """The state with the network's own wrapper put before its names, where these fit only so."""
    wrapper = _wrapper(own)
    if not wrapper or any(key in own for key in state):
        return state
    return {wrapper + key: tensor for key, tensor in state.items()}


def _shape(value: Any) -> torch.Size | None:
    """A tensor's shape; None where it has none yet (lazy modules) or is packed."""
    return None if not isinstance(value, Tensor) or nn.parameter.is_lazy(value) else value.shape


def _refuse_torchscript(file: Path) -> None:
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            if any(name.split("/", 1)[-1].startswith("code/") for name in archive.namelist()):
                raise UserError(
                    f"{str(file)!r} is a TorchScript program, which is not run: save its weights alone, "
                    "torch.save(torch.jit.load(FILE).state_dict(), OTHER)"
                )


def _plain_classes() -> list[Any]:
    """What a checkpoint may hold besides tensors: arrays, the arguments of a training, paths. All only keep values."""
    reconstruct = np.array(0.0).__reduce__()[0]
    scalar = np.float64(0).__reduce__()[0]
    dtypes = [type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "b1")]
    return [
        argparse.Namespace,
        pathlib.PosixPath,
        pathlib.PurePosixPath,
        np.ndarray,
        np.dtype,
        reconstruct,
        scalar,
        *dtypes,
    ]


def _list_first(keys: list[str]) -> str:
    more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
    return ", ".join(repr(key) for key in keys[:NAMED]) + more
