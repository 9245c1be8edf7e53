"""Where in photos a class, a unit or a facet is: ``mindseye.explain("photo.jpg", model=..., method="lrp")``."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mindseye.api.explained import Explained, explained
from mindseye.attribution.methods import Settings, method_names, takes_all, unused_settings
from mindseye.attribution.perturbation import Game
from mindseye.attribution.rules import RuleName
from mindseye.errors import UserError
from mindseye.models.load import digest
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.listing import Listing
from mindseye.photos.photo_set import Source
from mindseye.report.progress import Progress
from mindseye.runs.folder import SCHEMA, Manifest, RunFolder, file_name
from mindseye.runs.manifest import describe_layer, describe_model, device_name, versions
from mindseye.runs.record import Record, is_finished, open_manifest
from mindseye.workflows.explanation.aims import FACET, TOP
from mindseye.workflows.explanation.attributing import Attributing, Network
from mindseye.workflows.explanation.facet import find_facet
from mindseye.workflows.explanation.preparing import (
    KIND,
    Spec,
    clear,
    listed,
    loading,
    photo_names,
    photos_digest,
    prepared,
)
from mindseye.workflows.opening import check_numbers, opened

Pair = int | tuple[int, int]


def explain(
    photos: Source,
    model: Spec | Sequence[Spec] | None = None,
    *,
    method: str | Sequence[str] = "grad-cam",
    target: str = TOP,
    check: bool = False,
    out: str | Path | None = None,
    size: int | None = None,
    box: Pair | None = None,
    stride: Pair | None = None,
    fill: str | None = None,
    baseline: str | None = None,
    steps: int | None = None,
    game: Game | None = None,
    rule: RuleName | None = None,
    epsilon: float | None = None,
    gamma: float | None = None,
    cam_layer: str | None = None,
    weights: str | None = None,
    checkpoint: str | Path | None = None,
    recursive: bool = False,
    seed: int = 0,
    device: str = "auto",
    batch_size: int = 8,
    force: bool = False,
    quiet: bool = False,
    command: str = "mindseye.explain(...)",
) -> Explained:
    """Show which parts of photos speak for a class, a unit, or a facet of a run.

    Args:
        photos: a file, a folder, a list of both, or a list of arrays, as ``visualize`` takes them.
        model: one network or several, as ``visualize`` takes them; by default resnet50, for a facet the run's own.
        method: names, with commas between or as a list, or ``"all"`` for those that the network allows: occlusion,
            perturbation, saliency, integrated-gradients, backprop, deconvnet, guided-backprop, lrp, cam, grad-cam.
        target: ``"top"``, the class that the network puts first; ``"class:zebra"``; a unit, ``"layer:11"`` or
            ``"layer:11@4,7"``; ``"facet:RUN/2"``, of a run that ``visualize`` has left.
        check: also take deletion and insertion curves, and see whether maps change as the network forgets.
        out: the folder; by default ``runs/explain-PHOTO-MODEL``. A finished run is returned as it is, an interrupted one
            is continued; ``force`` starts anew.
        size: side in px of what the networks see; by default each network's own, for a facet the run's.
        box, stride: of occlusion, in px, one number or (height, width). fill: what hides in occlusion and perturbation.
            baseline: of integrated gradients. steps: of perturbation and integrated gradients. game: of perturbation.
            rule, epsilon, gamma: of LRP. cam_layer: Grad-CAM's. See ``mindseye.attribution.methods.Settings``.
        weights, checkpoint: see ``load_model``; for a single network. recursive: take sub-folders of folders.
        seed: of everything random. device: auto, cpu, cuda, cuda:1, mps. batch_size: photos at once.

    Returns:
        The maps, in the folder as ``NAME.METHOD.npy``, ``NAME.METHOD.png`` and ``NAME.METHOD.overlay.png``, and one
        ``NAME.figure.png`` per photo; of several networks, the maps stand in a folder each. ``run.json`` has the numbers.

    Raises:
        UserError: for anything that the caller can mend, in one line; a method that a network does not allow, before any
            work, unless ``"all"`` were asked for.
    """
    check_numbers(seed, 1, size, steps)
    if not (isinstance(batch_size, int) and batch_size >= 1):
        raise UserError(f"batch_size is a whole number above zero, not {batch_size!r}")
    names = method_names(method)
    settings = Settings(
        _pair("box", box), _pair("stride", stride), fill, baseline, steps, game, rule, epsilon, gamma, cam_layer
    )
    facet = find_facet(target.removeprefix(FACET)) if target.startswith(FACET) else None
    asked = loading(model, weights, checkpoint, facet)
    progress, listing = Progress(quiet), listed(photos, recursive)
    side = size or (facet.size if facet else None)
    with ExitStack() as stack:
        ready = [
            stack.enter_context(opened(spec, asked.weights, asked.checkpoint, device, side, Recipe(KIND), progress))
            for spec in asked.specs
        ]
        networks, refused = prepared(ready, target, facet, names, settings, takes_all(method))
        options = {
            "photos": photos_digest(listing),
            "models": [[one.model.name, digest(one.model.network)] for one in ready],
            "target": target,
            "facet": facet.fingerprint() if facet else None,
            "methods": names,
            # As JSON gives them back, so that a continued run finds them alike.
            "settings": {
                name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings).items()
            },
            "check": check,
            "size": side,
            "seed": seed,
            "batch_size": batch_size,
        }
        folder = RunFolder(Path(out) if out else _default_path(listing, networks))
        with folder.locked():
            if force:
                clear(folder)
            manifest = open_manifest(folder, _manifest(command, options, networks, refused), force)
            if is_finished(manifest):
                progress.say(f"{folder.path} is finished already; --force explains it anew")
            else:
                record = Record(folder, manifest, progress.say, progress.seconds)
                record.note(*_notes(settings, names, refused))
                _run(Attributing(record, networks, listing, photo_names(listing), seed, batch_size, check, progress))
    progress.say(f"done: {folder.path}")
    return explained(folder.path, manifest)


def _run(work: Attributing) -> None:
    if work.record.folder.exists():
        work.progress.say(f"continuing {work.folder}")
    work.progress.seconds.update(work.manifest["seconds"])
    try:
        work.run()
    except KeyboardInterrupt:
        work.record.save("interrupted")
        raise


def _pair(name: str, given: Pair | None) -> tuple[int, int] | None:
    if given is None or isinstance(given, int):
        return None if given is None else (given, given)
    if len(given) != 2 or not all(isinstance(part, int) for part in given):
        raise UserError(f"{name} is one number of px or (height, width), not {given!r}")
    return given[0], given[1]


def _manifest(
    command: str, options: dict[str, Any], networks: Sequence[Network], refused: dict[str, dict[str, str]]
) -> Manifest:
    """run.json of a run that has just begun; an explanation has no recipe."""
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "command": command,
        "options": options,
        "recipe": None,
        "status": "running",
        "versions": versions(),
        "device": device_name(networks[0].ready.device),
        "seed": options["seed"],
        "seconds": {},
        "notes": [],
        "target": options["target"],
        "methods": options["methods"],
        "models": [
            describe_model(network.ready.model)
            | {
                "name": network.name,
                "asked": network.ready.model.name,
                "side": network.ready.view,
                "target": describe_layer(network.aim.trial.layer) | {"is_class": network.aim.is_class},
                "refused": refused[network.name],
            }
            for network in networks
        ],
        "photos": [],
        "skipped": [],
    }


def _default_path(listing: Listing, networks: Sequence[Network]) -> Path:
    paths = [entry.path for entry in listing.entries]
    of_photos = Path(paths[0]).stem if len(paths) == 1 else Path(listing.root).name or f"{len(paths)}-photos"
    of_networks = networks[0].name if len(networks) == 1 else f"{len(networks)}-models"
    return Path("runs") / "-".join([KIND, file_name(of_photos), of_networks])


def _notes(settings: Settings, methods: Sequence[str], refused: dict[str, dict[str, str]]) -> list[str]:
    idle = [f"{name} changes nothing: none of the methods looks at it" for name in unused_settings(settings, methods)]
    left = [
        f"{method} of {name} is left out: {reason}"
        for name, reasons in refused.items()
        for method, reason in reasons.items()
    ]
    return idle + left
