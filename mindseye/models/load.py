"""Loading a model: the network, its preprocessing and the names of its classes, from a name, a file or a module."""

import difflib
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

import torch
from torch import Tensor, nn

from mindseye.errors import UserError
from mindseye.models.bundled import SIDES, find_bundled
from mindseye.models.checkpoint import State, classes_in, fill, read_checkpoint
from mindseye.models.custom import load_custom, read_names, read_preprocessing
from mindseye.models.freeze import freeze
from mindseye.models.library import LibraryModel, seed_weights
from mindseye.models.probe import count_outputs, is_fixed_size
from mindseye.models.timm import PREFIX, find_timm, timm_names
from mindseye.models.torchvision import find_torchvision, torchvision_names
from mindseye.preprocessing import Preprocessing

NONE = "none"
AS_GIVEN = "as given"


@dataclass(frozen=True)
class Model:
    """A network and what is known about it.

    name: as the user wrote it, a class's name for a module that was given. network: in evaluation mode, parameters
    frozen, unless the user gave the module: ``freeze`` does that for a time. labels, wnids: of its classes, by index.
    in_channels: planes of its input. weights: their name, the checkpoint's path, ``none`` for random ones, or ``as given``.
    """

    name: str
    network: nn.Module
    preprocessing: Preprocessing
    labels: tuple[str, ...] | None
    wnids: tuple[str, ...] | None
    in_channels: int
    weights: str


def load_model(
    spec: str | nn.Module, weights: str | None = None, checkpoint: str | Path | None = None, size: int | None = None
) -> Model:
    """Load a model by name, or take a module that is given.

    Args:
        spec: a torchvision classification network (``resnet50``), ``timm/NAME``, ``efficientnet_lite0`` (1, 2), the
            user's ``path/to/file.py:factory`` or ``package.module:factory`` (see ``custom``), or a module, which is left
            as it is.
        weights: as torchvision names them (``IMAGENET1K_V2``) or timm tags them (``a1_in1k``); ``none`` for random
            ones, the same each time; by default the library's own default. Only they are ever downloaded.
        checkpoint: a file with the weights: safetensors, or a state dict, read with ``weights_only``. Preprocessing and
            labels stay those of the named weights; a classifier of another size is made to fit, and loses the labels.
        size: side in px that a network of the user's own is looked at with, if it states none.

    Raises:
        UserError: if the model or its weights are unknown, cannot be had, or do not fit.
    """
    if not isinstance(spec, str | nn.Module):
        raise UserError(f"model is a name or a module, not {spec!r}")
    if isinstance(spec, nn.Module):
        if weights is not None or checkpoint is not None:
            raise UserError("weights and checkpoints go with a model's name; load them into the module that you give")
        with freeze(spec):
            return _custom_model(type(spec).__name__, spec, AS_GIVEN, size)
    if ":" in spec:
        if weights not in (None, NONE):
            raise UserError(f"{spec!r} has no weights by name; give a file of them with --checkpoint")
        name, network = load_custom(spec)
        if checkpoint is not None:
            fill(network, read_checkpoint(checkpoint), checkpoint, name)
        source = str(Path(checkpoint).absolute()) if checkpoint is not None else weights or AS_GIVEN
        return _custom_model(name, _prepare(network), source, size)
    if checkpoint is not None:
        return _with_checkpoint(find_library_model(spec, None if weights == NONE else weights), checkpoint)
    if weights == NONE:
        entry = find_library_model(spec)
        with seed_weights():
            return _library_model(entry, entry.build(None), NONE)
    entry = find_library_model(spec, weights)
    return _library_model(entry, entry.fetch(), entry.weights)


def digest(network: nn.Module) -> str:
    """A fingerprint of a network's weights: two networks of one name may have been trained differently."""
    fingerprint = blake2b(digest_size=8)
    for name, tensor in network.state_dict().items():
        if isinstance(tensor, Tensor):
            flat = tensor.detach().cpu().contiguous().reshape(-1)
            fingerprint.update(name.encode() + flat.view(torch.uint8).numpy().tobytes())
    return fingerprint.hexdigest()


def find_library_model(name: str, weights: str | None = None) -> LibraryModel:
    """The entry of a named model.

    Raises:
        UserError: if there is no such name (with near ones), or no such weights.
    """
    if name.startswith(PREFIX):
        return find_timm(name, weights)
    if name in SIDES:
        return find_bundled(name, weights)
    if name.lower() in torchvision_names():
        return find_torchvision(name.lower(), weights)
    near = _near(name.lower(), [*SIDES, *torchvision_names()]) + [PREFIX + other for other in _near(name, timm_names())]
    hint = f"near: {', '.join(near)}" if near else "timm's are written timm/NAME"
    raise UserError(f"no model {name!r}; {hint}; your own is path/to/file.py:factory")


def _near(name: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(name, known, n=3, cutoff=0.6)


def _with_checkpoint(entry: LibraryModel, checkpoint: str | Path) -> Model:
    state: State = read_checkpoint(checkpoint)
    with seed_weights():
        network = entry.build(None)
        classes = classes_in(state, network)
        if classes is not None:
            network = entry.build(classes)
    fill(network, state, checkpoint, entry.name)
    return _library_model(entry, network, str(Path(checkpoint).absolute()))


def _library_model(entry: LibraryModel, network: nn.Module, weights: str) -> Model:
    preprocessing = entry.preprocessing
    network = _prepare(network)
    outputs = count_outputs(network, preprocessing.in_channels, preprocessing.size)
    has_names = entry.labels is not None and len(entry.labels) == outputs
    return Model(
        name=entry.name,
        network=network,
        preprocessing=_with_fixed_size(preprocessing, network),
        labels=entry.labels if has_names else None,
        wnids=entry.wnids if has_names else None,
        in_channels=preprocessing.in_channels,
        weights=weights,
    )


def _custom_model(name: str, network: nn.Module, weights: str, size: int | None) -> Model:
    preprocessing = read_preprocessing(network, size)
    outputs = count_outputs(network, preprocessing.in_channels, preprocessing.size)
    labels, wnids = read_names(network, "labels"), read_names(network, "wnids")
    for kind, names in (("labels", labels), ("wnids", wnids)):
        if names is not None and len(names) != outputs:
            raise UserError(f"{name} states {len(names)} {kind}, but has {outputs} outputs")
    return Model(
        name, network, _with_fixed_size(preprocessing, network), labels, wnids, preprocessing.in_channels, weights
    )


def _with_fixed_size(preprocessing: Preprocessing, network: nn.Module) -> Preprocessing:
    fixed = preprocessing.fixed_size or is_fixed_size(network, preprocessing.in_channels, preprocessing.size)
    return replace(preprocessing, fixed_size=fixed)


def _prepare(network: nn.Module) -> nn.Module:
    return network.eval().requires_grad_(False)
