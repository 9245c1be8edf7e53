"""Weights from the user's own file, read as plain tensors: nothing in a checkpoint is ever run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mindseye.errors import UserError
from mindseye.models.checkpoint_file import read_file
from mindseye.models.placement import copy_network

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
WRAPPERS = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
"""Parts of names that a compiled or sharded network has besides: they stand wherever such a module is wrapped."""
OPTIMIZERS = "optim"
"""How the names begin under which programs keep what an optimizer remembers, which looks like weights."""
DEPTH = 5
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
    content = read_file(path)
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
    alike: list[str] = []
    for number, (place, held) in enumerate(sorted(checkpoint.states.items(), key=lambda entry: _rank(entry[0]))):
        state = held if set(own) <= set(held) else _rename_wrapped(held, own)
        for prefix in _prefixes(state, own):
            inner = {key.removeprefix(prefix): tensor for key, tensor in state.items() if key.startswith(prefix)}
            named = _with_own_wrapper(inner, own)
            shaped = sum(1 for key in own if key in named and _shape(own[key]) in (None, named[key].shape))
            score = (shaped, sum(1 for key in own if key in named), -len(prefix), -number)
            if best is None or score > best[0]:
                best, alike = (score, place, prefix, named), []
            elif score == best[0]:
                alike.append(prefix)
    assert best is not None
    (shaped, *_), place, prefix, state = best
    kept = {key: tensor for key, tensor in state.items() if key in own or not key.endswith(BOOKKEEPING)}
    aside = len(checkpoint.states[place]) - len(kept)
    if not place and not prefix and not aside and len(checkpoint.states) == 1:
        return kept, ""
    where = f" {place!r}" if place else " the file's own tensors"
    without = f" without the prefix {prefix!r}" if prefix else ""
    more = f", {aside} others left aside" if aside else ""
    more += f" ({_list_first(alike)} would fit as well)" if alike else ""
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
    state = state | _tied(state, network)
    missing = [key for key in own if key not in state and not key.endswith(BOOKKEEPING)]
    left_over = [key for key in state if key not in own]
    if (missing or left_over) and _takes_itself(network, state):
        network.load_state_dict(state, assign=_has_empty(network))
        return
    shapes = [key for key in own if key in state and _shape(own[key]) not in (None, state[key].shape)]
    problems = [
        *([f"missing {_list_first(missing)}"] if missing else []),
        *([f"unexpected {_list_first(left_over)}"] if left_over else []),
        *(f"{key!r} is {tuple(state[key].shape)}, the model's {tuple(own[key].shape)}" for key in shapes[:NAMED]),
        *_wrong_kinds(state, own)[:NAMED],
    ]
    if problems:
        raise UserError(f"the checkpoint {str(path)!r} does not fit {name}: {'; '.join(problems)}")
    network.load_state_dict(state, strict=False, assign=_has_empty(network))


def _tied(state: State, network: nn.Module) -> State:
    """Tensors that a file leaves out because the network has them under another name too, as safetensors does."""
    named = dict(network.named_parameters(remove_duplicate=False))
    held = {id(parameter): state[key] for key, parameter in named.items() if key in state}
    return {key: held[id(one)] for key, one in named.items() if key not in state and id(one) in held}


def _takes_itself(network: nn.Module, state: State) -> bool:
    """Whether the network's own way of loading makes the names fit: modules may rename those of older versions."""
    try:
        copy_network(network).load_state_dict(state, assign=_has_empty(network))
    except Exception:  # whatever a user's own module may raise
        return False
    return True


def _has_empty(network: nn.Module) -> bool:
    """Whether a network has weights without memory, which a file's must replace."""
    return any(tensor.is_meta for tensor in [*network.parameters(), *network.buffers()])


def _wrong_kinds(state: State, own: Mapping[str, Any]) -> list[str]:
    """What would be copied into weights as something else, or holds no numbers."""
    lines = []
    for key, tensor in state.items():
        mine = own.get(key)
        if tensor.is_meta:
            lines.append(f"{key!r} is on the meta device, without numbers")
        elif isinstance(mine, Tensor) and mine.is_floating_point() and not tensor.is_floating_point():
            kinds = [str(one.dtype).removeprefix("torch.") for one in (tensor, mine)]
            lines.append(f"{key!r} is {kinds[0]}, the model's {kinds[1]}")
    return lines


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
            if not str(key).startswith(OPTIMIZERS):
                yield from _states(value, f"{place}.{key}".lstrip("."), depth - 1)


def _tensor(value: Any) -> Tensor | None:
    if isinstance(value, Tensor):
        plain: Tensor = value.dequantize() if value.is_quantized else value
        return plain if plain.layout == torch.strided else plain.to_dense()
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return torch.from_numpy(np.ascontiguousarray(value).reshape(value.shape))
    return None


def _rank(place: str) -> tuple[int, str]:
    return (PREFERRED.index(place) if place in PREFERRED else len(PREFERRED) if place else -1, place)


def _prefixes(state: State, own: Mapping[str, Any]) -> list[str]:
    """The beginnings that stand before a name of the network's, or before it without the network's own wrapper.

    The shortest first; of those that are as long, the first in the file.
    """
    prefixes = {"": None}
    bare = _without_wrapper(own)
    for name in list(bare)[:NAMED]:
        prefixes |= dict.fromkeys(key.removesuffix(name) for key in state if key.endswith(f".{name}"))
    return sorted(prefixes, key=len)


def _rename_wrapped(state: State, own: Mapping[str, Any]) -> State:
    """The state under the network's own names, where these differ in parts that compiling or sharding puts in."""
    if not any(part in key.split(".") for key in [*state, *own] for part in WRAPPERS):
        return state
    names = {_unwrapped(key): key for key in own}
    return {key if key in own else names.get(_unwrapped(key), _unwrapped(key)): value for key, value in state.items()}


def _unwrapped(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in WRAPPERS)


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


def _list_first(keys: list[str]) -> str:
    more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
    return ", ".join(repr(key) for key in keys[:NAMED]) + more
