"""A run of ``invert``: painted from noise, or rebuilt from other photos' patches."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mindseye.arguments import as_list
from mindseye.errors import UserError
from mindseye.layers.layer import Layer
from mindseye.layers.stages import choose_layers
from mindseye.optimize.objectives.photo import Reconstruction
from mindseye.optimize.order import ObjectiveOrder, PictureRequest
from mindseye.optimize.recipe.checks import check_for_objectives, check_whole_views
from mindseye.optimize.session import NetworkSession
from mindseye.photos.fingerprint import photo_digest
from mindseye.photos.photo import Photo, load_photo, photo_list, photo_path
from mindseye.photos.photo_set import PhotoSet, Source, find_photos
from mindseye.report.notebook import Run
from mindseye.report.typeface import printable
from mindseye.runs.folder import default_path, joined
from mindseye.workflows.inversion.patchwork import PatchRequest, Patchwork
from mindseye.workflows.objectives.flow import ObjectiveFlow
from mindseye.workflows.objectives.order import objective_order
from mindseye.workflows.request import ModelSource, Request, RunOptions
from mindseye.workflows.resumable import identity_of, new_manifest, open_run, run_folder

RECIPE, ARRAY = "invert", "array"


@dataclass(frozen=True)
class InvertRequest:
    """Photos, the layers that they are inverted at, and the photos whose patches rebuild them, where there are any."""

    run: Request
    photos: list[Photo]
    layers: list[str]
    patches: PhotoSet | None = None


@dataclass(frozen=True)
class Inversion:
    """A photo, [channels, side, side] in [0, 1], at a layer."""

    path: Path | None
    photo: Tensor
    layer: Layer

    @property
    def words(self) -> str:
        """How its picture is called."""
        return f"{printable(self.path.name) if self.path else ARRAY} at {self.layer.address}"

    @property
    def about(self) -> dict[str, object]:
        """What its entry in run.json says besides."""
        return {"photo": None if self.path is None else str(self.path)}


def invert_request(
    photos: Photo | Sequence[Photo],
    layer: str | Sequence[str] | None,
    patches: Source | None,
    recursive: bool,
    options: RunOptions,
    recipe: str,
) -> InvertRequest:
    """A checked request. recursive: take patches of sub-folders, too. recipe: where the options name none.

    Raises:
        UserError: for no photo, one that is not there, or what does not go together.
    """
    sources = photo_list(photos)
    if not sources:
        raise UserError("no photo: name at least one")
    run = Request.of("invert", options, default=recipe)
    for photo in sources:
        photo_path(photo)
    if patches is None:
        if recursive:
            raise UserError("--recursive is about the folder of --patches: leave it out, or give one")
        check_for_objectives(run.recipe)
        check_whole_views(run.recipe, "an inversion")
    elif options.get("recipe", recipe) != recipe or options.get("changes") or options.get("steps") or run.batch_size:
        raise UserError("--patches paints nothing: leave --recipe, --set, --steps and --batch-size out")
    others = None if patches is None else find_photos(patches, recursive)
    return InvertRequest(run, sources, as_list("layer", layer, str), others)


def run_inversion(request: InvertRequest, model: ModelSource) -> Run:
    """Open the run and do what is left of it."""
    run = request.run
    with run.session(model) as session:
        layers = choose_layers(session.model.network, session.network, request.layers, painted=request.patches is None)
        inversions = _inversions(request, session, layers)
        options: dict[str, Any] = {
            "photos": [photo_digest(photo) for photo in photos_of(inversions)],
            "layers": [layer.address for layer in layers],
        }
        if request.patches is None:
            options |= {"batch_size": run.batch_size}
        else:
            check_maps(layers)
            options |= {"patches": request.patches.digest()}
        place = joined([layer.address for layer in layers], "layers")
        path = inversions[0].path
        stem = path.stem if path else ARRAY
        fresh = new_manifest(run, session, options | identity_of(session), paints=request.patches is None)
        folder = run_folder(run, default_path(f"invert-{stem}", session.model.name, place), fresh)
        with open_run(folder, fresh, run) as record:
            if record is not None and request.patches is None:
                order = _order(session, inversions, layers)
                ObjectiveFlow(order, record, run.batch_size).run()
            elif record is not None and request.patches is not None:
                patches = [PatchRequest(each.words, each.photo, each.layer, each.about) for each in inversions]
                Patchwork(session, request.patches, patches, record).run()
    run.progress.say(f"done: {folder.path}")
    return Run(folder.path)


def check_maps(layers: Sequence[Layer]) -> None:
    """Refuse layers whose positions have no rows and columns: their patches have no place.

    Raises:
        UserError: naming the layer.
    """
    for layer in layers:
        if layer.positions > 1 and layer.rows_and_columns is None:
            raise UserError(
                f"the positions of layer {layer.address!r} form no rows and columns, so its patches have no place"
            )


def photos_of(inversions: Sequence[Inversion]) -> list[Tensor]:
    """The photos of some inversions, each once, in their order."""
    return list({id(inversion.photo): inversion.photo for inversion in inversions}.values())


def _inversions(request: InvertRequest, session: NetworkSession, layers: Sequence[Layer]) -> list[Inversion]:
    model = session.model
    photos = [
        (
            photo_path(photo),
            load_photo(photo, model.preprocessing, session.view, model.in_channels, request.run.progress.say),
        )
        for photo in request.photos
    ]
    return [Inversion(path, photo, layer) for path, photo in photos for layer in layers]


def _order(session: NetworkSession, inversions: Sequence[Inversion], layers: Sequence[Layer]) -> ObjectiveOrder:
    photos = photos_of(inversions)
    normalise = session.model.preprocessing.normalise
    with torch.no_grad(), session.reader(layers) as read:
        seen = {id(photo): read(normalise(photo[None].to(session.device))) for photo in photos}
    requests = [
        PictureRequest(
            inversion.words,
            -Reconstruction(inversion.layer.address, seen[id(inversion.photo)][inversion.layer.address]),
            inversion.photo,
            about=inversion.about,
        )
        for inversion in inversions
    ]
    return objective_order(session, requests, layers, torch.stack(photos).mul(255).byte())
