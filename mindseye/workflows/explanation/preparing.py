"""What is settled before photos are explained: which photos, which networks, and what each of them allows."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b, file_digest
from pathlib import Path, PurePosixPath

from torch import nn

from mindseye.attribution.methods import MethodContext, Settings, check_settings, prepare
from mindseye.errors import UserError
from mindseye.models.load import digest
from mindseye.photos.listing import Listing, Skipped, list_photos
from mindseye.photos.photo_set import PhotoSet, Source
from mindseye.photos.tar import open_file
from mindseye.runs.folder import RunFolder, file_name
from mindseye.workflows.explanation.aims import find_aim
from mindseye.workflows.explanation.attributing import FILES, TABLE, Network
from mindseye.workflows.explanation.facet import FacetOfRun
from mindseye.workflows.opening import Opened, absolute

DEFAULT_MODEL = "resnet50"
KIND = "explain"

Spec = str | nn.Module


@dataclass(frozen=True)
class Loading:
    """Which networks, and with which weights; checkpoint: its whole path."""

    specs: list[Spec]
    weights: str | None
    checkpoint: str | None


def listed(photos: Source, recursive: bool) -> Listing:
    """The photos of a file, a folder, a list of both, or a list of arrays.

    Raises:
        UserError: if there is none.
    """
    if not isinstance(photos, list | tuple) or not all(isinstance(photo, str | os.PathLike) for photo in photos):
        return list_photos(photos, recursive)
    paths: list[str] = []
    skipped: list[Skipped] = []
    for photo in photos:
        if os.path.isdir(photo):  # noqa: PTH112, as Path.is_dir raises for names that no system allows
            inside = list_photos(photo, recursive)
            paths += [entry.path for entry in inside.entries]
            skipped += inside.skipped
        else:
            paths.append(os.fspath(photo))
    found = list_photos(paths)
    return replace(found, skipped=(*skipped, *found.skipped))


def photos_digest(listing: Listing) -> str:
    """A fingerprint of what the photos are: their paths, and all that their files hold."""
    found = blake2b(PhotoSet(listing).digest().encode(), digest_size=8)
    for entry in listing.entries:
        with suppress(OSError):  # decoding will say what is wrong with it
            if entry.array is None:
                with open_file(entry.source) as file:
                    found.update(file_digest(file, "blake2b").digest())
    return found.hexdigest()


def unique(words: Sequence[str]) -> list[str]:
    """Harmless names of files, one for each of some words, no two alike even where upper and lower case count as one."""
    taken: set[str] = set()
    names = []
    for word in words:
        plain = name = file_name(word)
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def photo_names(listing: Listing) -> dict[str, str]:
    """What each photo's files are called, by its path: its own name without the ending."""
    paths = [entry.path for entry in listing.entries]
    return dict(zip(paths, unique([Path(path).stem for path in paths]), strict=True))


def loading(
    model: Spec | Sequence[Spec] | None, weights: str | None, checkpoint: str | Path | None, facet: FacetOfRun | None
) -> Loading:
    """Which networks are meant; without a model, the run's that a facet belongs to.

    Raises:
        UserError: if weights are given that cannot belong to all of them, or the run's network was not kept.
    """
    specs = [model] if isinstance(model, str | nn.Module) else list(model or [])
    if facet is not None and len(specs) > 1:
        raise UserError("a facet belongs to the network of its run: leave --model out")
    if len(specs) > 1 and (weights is not None or checkpoint is not None):
        raise UserError(f"weights and checkpoints go with a single model, not with {len(specs)}")
    if facet is None or specs:
        return Loading(specs or [DEFAULT_MODEL], weights, absolute(checkpoint))
    if facet.spec is None:
        raise UserError(f"{facet.folder} was painted from a module, which is not kept; give it as model")
    if weights is not None or checkpoint is not None:
        raise UserError(
            "a facet belongs to the network of its run, with its weights: leave --weights and --checkpoint out"
        )
    return Loading([facet.spec], facet.weights, facet.checkpoint)


def prepared(
    ready: Sequence[Opened],
    target: str,
    facet: FacetOfRun | None,
    methods: Sequence[str],
    settings: Settings,
    leaves_out: bool,
) -> tuple[list[Network], dict[str, dict[str, str]]]:
    """The networks with what is explained and the methods that each allows; and those that each does not, with the reason.

    leaves_out: whether a method that a network does not allow is left out, rather than refused.

    Raises:
        UserError: if a network has no such target, does not allow a method, or a setting makes no sense.
    """
    names = unique([one.model.name.rpartition("/")[2] for one in ready])
    networks, refused = [], {}
    for one, name in zip(ready, names, strict=True):
        if facet is not None and digest(one.model.network) != facet.digest:
            raise UserError(f"{one.model.name} has other weights than the network that {facet.folder} was painted from")
        aim = find_aim(target, facet, one)
        scene = MethodContext(aim.trial, one.network, one.view, settings)
        check_settings(settings, one.view, scene.noise())
        allowed, not_allowed = prepare(methods, scene)
        if not_allowed and not leaves_out:
            method, reason = next(iter(not_allowed.items()))
            raise UserError(f"{method} of {one.model.name}: {reason}")
        networks.append(Network(name, name if len(ready) > 1 else "", one, aim, allowed))
        refused[name] = not_allowed
    return networks, refused


def clear(folder: RunFolder) -> None:
    """Remove the maps and figures that an earlier run of ``explain`` left, where there is one; other files stay."""
    manifest = {}
    with suppress(UserError):
        manifest = folder.read()
    if manifest.get("kind") != KIND:
        return
    for entry in manifest.get("photos", []):
        maps = [one.get(role) for one in entry.get("maps", []) for role in FILES]
        for name in [entry.get("figure"), *maps]:
            _remove(folder.path, str(name))
    (folder.path / TABLE).unlink(missing_ok=True)


def _remove(folder: Path, name: str) -> None:
    """Remove a file of the folder, or of a folder in it, with a name as ``explain`` gives: run.json may have been changed."""
    place = PurePosixPath(name)
    is_inside = not place.is_absolute() and len(place.parts) <= 2 and ".." not in place.parts
    if is_inside and place.suffix in (".npy", ".png"):
        (folder / name).unlink(missing_ok=True)
