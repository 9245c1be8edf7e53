"""What a layer keeps of a photo: ``mindseye.invert("photo.jpg", model=..., layer=...)``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mindseye.errors import UserError
from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.layers.stages import choose_layers
from mindseye.optimize.objectives.photo import Reconstruction
from mindseye.optimize.recipe.checks import check_for_objectives, check_whole_views
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.photo import Photo, listed, load_photo, photo_digest, photo_path
from mindseye.photos.photo_set import Source, find_photos
from mindseye.report.drawing import printable
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.runs.folder import RunFolder, default_path
from mindseye.runs.record import Record
from mindseye.workflows.carrying import Note, carry_out, carry_through
from mindseye.workflows.inversion.patchwork import Mosaic, Patchwork, Rebuilt
from mindseye.workflows.objectives.commission import Order, Wanted
from mindseye.workflows.objectives.ordering import order_for
from mindseye.workflows.opening import Opened, absolute, check_numbers, chosen_recipe, opened

RECIPE, ARRAY = "invert", "array"


def invert(
    photos: Photo | Sequence[Photo],
    model: str | nn.Module = "resnet50",
    layer: str | Sequence[str] | None = None,
    *,
    patches: Source | None = None,
    recipe: str | Recipe = RECIPE,
    out: str | Path | None = None,
    steps: int | None = None,
    size: int | None = None,
    changes: Mapping[str, Any] | None = None,
    weights: str | None = None,
    checkpoint: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    batch_size: int = 0,
    snapshots: int | None = None,
    force: bool = False,
    quiet: bool = False,
    command: str = "mindseye.invert(...)",
) -> Run:
    """Paint, from noise, the picture whose activations at a layer are a photo's: what it loses, the layer has forgotten.

    Mahendran and Vedaldi, "Understanding Deep Image Representations by Inverting Them" (CVPR 2015).

    With ``patches`` nothing is painted: the photo is rebuilt from other photos. Every position of its map at the layer shows
    the patch, of all photos of the folder, whose position the layer takes for most alike (cosine of the channels). A patch
    is what the position sees, or three strides of the layer around its middle where it sees more; overlapping patches are
    averaged, each counting most in its middle. The photo itself is left out. Long, Zhang and Darrell, "Do Convnets Learn
    Correspondence?" (NeurIPS 2014). The picture's ``start`` is made of the same patches in random order.

    Args:
        photos: files or arrays, one or several. layer: one or several, or ``"auto"`` for one per stage; a picture for each
            photo and layer.
        patches: the photos whose patches are taken, a folder, paths or arrays.
        recipe: see ``mindseye recipe``. As positions count, it must show the network the whole picture: no random views.
        out: the run folder; by default ``runs/invert-PHOTO-MODEL-LAYER``. The rest is as in ``visualize``.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    given = listed(photos)
    if not given:
        raise UserError("no photo: name at least one")
    check_numbers(seed, snapshots, batch_size, size, steps)
    paths = [photo_path(photo) for photo in given]
    chosen = chosen_recipe(recipe, changes, steps, snapshots=snapshots)
    if patches is None:
        check_for_objectives(chosen)
        check_whole_views(chosen, "an inversion")
    elif recipe != RECIPE or changes or steps is not None or batch_size:
        raise UserError("--patches paints nothing: leave --recipe, --set, --steps and --batch-size out")
    others = None if patches is None else find_photos(patches)
    progress = Progress(quiet)
    checkpoint = absolute(checkpoint)
    with opened(model, weights, checkpoint, device, size, chosen, progress) as ready:
        asked = [layer] if isinstance(layer, str) else list(layer or [])
        layers = choose_layers(ready.model.network, ready.network, asked, painted=others is None)
        images = [load_photo(photo, ready.model.preprocessing, ready.view, ready.model.in_channels) for photo in given]
        options: dict[str, Any] = {
            "photos": [photo_digest(image) for image in images],
            "layers": [one.address for one in layers],
        }
        where = layers[0].address if len(layers) == 1 else f"{len(layers)}-layers"
        stem = paths[0].stem if paths[0] else ARRAY
        folder = RunFolder(Path(out) if out else default_path(f"invert-{stem}", ready.model.name, where))
        rest = (model, weights, checkpoint, seed, force, command, progress)
        if others is not None:
            mosaic = Mosaic(ready.model, others, _rebuilt(paths, images, layers), seed, ready.device, ready.view)

            def work(record: Record) -> None:
                Patchwork(mosaic, record, progress).run()

            options |= {"patches": others.digest()}
            run = carry_through("invert", folder, ready, options, work, None, *rest)
            progress.say(f"done: {folder.path}")
            return run

        def order(note: Note) -> Order:
            wanted = _wanted(ready, paths, images, layers)
            return order_for(ready, wanted, layers, torch.stack(images).mul(255).byte(), seed, batch_size)

        options |= {"batch_size": batch_size}
        return carry_out("invert", folder, ready, options, order, *rest)


def _wanted(
    ready: Opened, paths: Sequence[Path | None], images: Sequence[Tensor], layers: Sequence[Layer]
) -> list[Wanted]:
    wanted = []
    with torch.no_grad(), Reader(ready.model.network, layers) as read:
        for path, image in zip(paths, images, strict=True):
            seen = read(ready.model.preprocessing.normalise(image[None].to(ready.device)))
            about = {"photo": None if path is None else str(path)}
            wanted += [
                Wanted(_words(path, layer), -Reconstruction(layer.address, seen[layer.address]), image, about=about)
                for layer in layers
            ]
    return wanted


def _rebuilt(paths: Sequence[Path | None], images: Sequence[Tensor], layers: Sequence[Layer]) -> list[Rebuilt]:
    for layer in layers:
        if layer.positions > 1 and layer.rows_and_columns is None:
            raise UserError(
                f"the positions of layer {layer.address!r} form no rows and columns, so its patches have no place"
            )
    return [
        Rebuilt(_words(path, layer), image, layer, None if path is None else str(path))
        for path, image in zip(paths, images, strict=True)
        for layer in layers
    ]


def _words(path: Path | None, layer: Layer) -> str:
    return f"{printable(path.name) if path else ARRAY} at {layer.address}"
