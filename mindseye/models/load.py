"""Loading a model: the network, its preprocessing and the names of its classes, from a name, a file or a module."""

import difflib
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.models.bundled import SIDES, find_bundled
from mindseye.models.checkpoint import classes_in, fill, fit, read_checkpoint
from mindseye.models.custom import accept_images, load_custom, read_names, unread_names
from mindseye.models.freeze import freeze, turn_to_evaluation
from mindseye.models.inputs import Accepted
from mindseye.models.kinds import check_kind, check_weights, has_lazy_weights, tensors_of
from mindseye.models.library import LibraryModel, seed_weights
from mindseye.models.placement import bring_to_float32, weights_dtypes, without_inference
from mindseye.models.probe import Findings, example_input, probe_network, run
from mindseye.models.timm import PREFIX, find_timm, timm_names
from mindseye.models.torchvision import find_torchvision, torchvision_names
from mindseye.preprocessing import Preprocessing
from mindseye.user_code import explain_errors, run_user_code
from mindseye.wording import did_you_mean

NONE = "none"
AS_GIVEN = "as given"


@dataclass(frozen=True)
class Model:
    """A network and what is known about it.

    name: as the user wrote it, a class's name for a module that was given. network: in evaluation mode, parameters
    frozen, unless the user gave the module: ``freeze`` does that for a time. labels, wnids: of its classes, by index.
    in_channels: planes of its input. weights: their name, the checkpoint's path, ``none`` for random ones, or ``as given``.
    findings: what the probe of the network has found, and what was done to make it work.
    """

    name: str
    network: nn.Module
    preprocessing: Preprocessing
    labels: tuple[str, ...] | None
    wnids: tuple[str, ...] | None
    in_channels: int
    weights: str
    findings: Findings = field(default_factory=Findings)


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
        name = type(spec).__name__
        check_kind(spec, name)
        with freeze(spec), explain_errors(name):
            return _custom_model(name, spec, AS_GIVEN, size, is_given=True)
    if ":" in spec:
        if weights not in (None, NONE):
            raise UserError(f"{spec!r} has no weights by name; give a file of them with --checkpoint")
        name, network = load_custom(spec)
        check_kind(network, name)
        notes: tuple[str, ...] = ()
        if checkpoint is not None:
            state, note = fit(read_checkpoint(checkpoint), network)
            fill(network, state, checkpoint, name)
            notes = (note,) if note else ()
        source = str(Path(checkpoint).absolute()) if checkpoint is not None else weights or AS_GIVEN
        turn_to_evaluation(network, name)
        with run_user_code(spec):
            return _custom_model(name, network, source, size, notes=notes)
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
    for name, value in network.state_dict().items():
        for tensor in tensors_of(value):
            plain = tensor.detach().cpu()
            if plain.is_quantized:
                plain = plain.dequantize()
            if plain.layout != torch.strided:
                plain = plain.to_dense()
            flat = plain.contiguous().reshape(-1)
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
    if name.endswith(".py"):
        raise UserError(f"{name!r} is a file: name what in it gives the network, {name}:FACTORY")
    near = _near(name.lower(), [*SIDES, *torchvision_names()]) + [PREFIX + other for other in _near(name, timm_names())]
    hint = did_you_mean(near) or "timm's are written timm/NAME"
    raise UserError(f"no model {name!r}; {hint} (your own is path/to/file.py:factory)")


def _near(name: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(name, known, n=3, cutoff=0.6)


def _with_checkpoint(entry: LibraryModel, checkpoint: str | Path) -> Model:
    held = read_checkpoint(checkpoint)
    with seed_weights():
        network = entry.build(None)
        state, note = fit(held, network)
        classes = classes_in(state, network)
        if classes is not None:
            network = entry.build(classes)
    fill(network, state, checkpoint, entry.name)
    return _library_model(entry, network, str(Path(checkpoint).absolute()), (note,) if note else ())


def _library_model(entry: LibraryModel, network: nn.Module, weights: str, notes: tuple[str, ...] = ()) -> Model:
    preprocessing = entry.preprocessing
    turn_to_evaluation(network, entry.name)
    findings = probe_network(network, preprocessing.in_channels, preprocessing.size)
    has_names = entry.labels is not None and len(entry.labels) == findings.outputs
    return Model(
        name=entry.name,
        network=network,
        preprocessing=replace(preprocessing, fixed_size=preprocessing.fixed_size or findings.fixed_size),
        labels=entry.labels if has_names else None,
        wnids=entry.wnids if has_names else None,
        in_channels=preprocessing.in_channels,
        weights=weights,
        findings=replace(findings, notes=notes),
    )


def _custom_model(
    name: str, network: nn.Module, weights: str, size: int | None, is_given: bool = False, notes: tuple[str, ...] = ()
) -> Model:
    check_weights(network, name, weights not in (AS_GIVEN, NONE))
    ready, preprocessing, accepted, precision = _accept(without_inference(network), size, is_given)
    is_lazy = has_lazy_weights(ready)
    if is_lazy:
        with seed_weights():
            run(ready, example_input(accepted.in_channels, accepted.size, accepted.size, 1, ready))
        ready = without_inference(ready)
        lazy = f"its lazy weights got their shapes from images of {accepted.in_channels} x {accepted.size} x {accepted.size}"
        notes = (*notes, lazy)
    turn_to_evaluation(ready, name)
    labels, wnids = read_names(network, "labels"), read_names(network, "wnids")
    output, classes = None if is_lazy else accepted.output, len(labels or wnids or ()) or None
    findings = probe_network(ready, accepted.in_channels, accepted.size, output, classes)
    for kind, names in (("labels", labels), ("wnids", wnids)):
        if names is not None and len(names) != findings.outputs:
            raise UserError(f"{name} states {len(names)} {kind}, but has {findings.outputs} outputs")
    return Model(
        name=name,
        network=ready,
        preprocessing=replace(preprocessing, fixed_size=preprocessing.fixed_size or findings.fixed_size),
        labels=labels,
        wnids=wnids,
        in_channels=preprocessing.in_channels,
        weights=weights,
        findings=replace(findings, notes=(*notes, *precision, *accepted.notes, *unread_names(network))),
    )


def _accept(
    network: nn.Module, size: int | None, is_given: bool
) -> tuple[nn.Module, Preprocessing, Accepted, tuple[str, ...]]:
    """The network as it takes images, its preprocessing, the images, and a line where its precision is not float32.

    Weights of another precision are brought to float32. Where some are and some are not, or where its forward brings the
    images to that precision, the network takes images in float32 as it is, and is left so.
    """
    dtypes = weights_dtypes(network)
    words = ", ".join(sorted(str(dtype).removeprefix("torch.") for dtype in dtypes))
    converted = (f"its weights are {words}: they were brought to float32",)
    kept = (f"its weights are {words}, and its forward casts: it computes in these, less exactly than in float32",)
    with seed_weights() if has_lazy_weights(network) else nullcontext():
        if dtypes <= {torch.float32}:
            return network, *accept_images(network, size), ()
        if len(dtypes) > 1:
            with suppress(UserError):
                return network, *accept_images(network, size), kept
        ready = bring_to_float32(network, is_given)
        try:
            return ready, *accept_images(ready, size), converted
        except UserError:
            with suppress(Exception):  # anything that somebody's forward pass may raise
                preprocessing, accepted = accept_images(network, size)
                run(network, example_input(accepted.in_channels, accepted.size, accepted.size, 1, network).float())
                return network, preprocessing, accepted, kept
            raise
