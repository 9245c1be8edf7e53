"""What a layer keeps of a photo: ``mindseye.invert("photo.jpg", model=..., layer=...)``."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mindseye.api.carrying import Note, carry_out
from mindseye.api.opening import Opened, absolute, check_numbers, chosen_recipe, opened
from mindseye.commission import Order, Wanted
from mindseye.errors import UserError
from mindseye.inputs.layers import Layer
from mindseye.inputs.photo import load_photo, photo_digest
from mindseye.inputs.reader import Reader
from mindseye.inputs.stages import choose_layers
from mindseye.optimize.canvases import palette_of
from mindseye.optimize.photo_objectives import Reconstruction
from mindseye.optimize.prior import prior_of
from mindseye.optimize.recipe import Recipe
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.runs.folder import RunFolder, default_path

File = str | os.PathLike[str]


def invert(
    photos: File | Sequence[File],
    model: str | nn.Module = "resnet50",
    layer: str | Sequence[str] | None = None,
    *,
    recipe: str | Recipe = "invert",
    out: str | Path | None = None,
    steps: int | None = None,
    size: int | None = None,
    changes: Mapping[str, Any] | None = None,
    weights: str | None = None,
    checkpoint: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    batch_size: int = 0,
    snapshots: int = 8,
    force: bool = False,
    quiet: bool = False,
    command: str = "mindseye.invert(...)",
) -> Run:
    """Paint, from noise, the picture whose activations at a layer are a photo's: what it loses, the layer has forgotten.

    Mahendran and Vedaldi, "Understanding Deep Image Representations by Inverting Them" (CVPR 2015).

    Args:
        photos: one or several. layer: one or several, or ``"auto"`` for one per stage; a picture for each photo and layer.
        recipe: see ``mindseye recipe``. As positions count, it should show the network the whole picture: no random views.
        out: the run folder; by default ``runs/invert-PHOTO-MODEL-LAYER``. The rest is as in ``visualize``.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    paths = [os.fspath(photos)] if isinstance(photos, str | os.PathLike) else [os.fspath(path) for path in photos]
    if not paths:
        raise UserError("no photo: name at least one")
    check_numbers(seed, snapshots, batch_size, size, steps)
    chosen, progress = chosen_recipe(recipe, changes, steps), Progress(quiet)
    checkpoint = absolute(checkpoint)
    with opened(model, weights, checkpoint, device, size, chosen, progress) as ready:
        asked = [layer] if isinstance(layer, str) else list(layer or [])
        layers = choose_layers(ready.model.network, ready.network, asked)
        images = [load_photo(path, ready.model.preprocessing, ready.view, ready.model.channels) for path in paths]
        options = {"photos": [photo_digest(image) for image in images], "layers": [one.address for one in layers]}

        def order(note: Note) -> Order:
            return Order(
                model=ready.model,
                recipe=ready.recipe,
                wanted=_wanted(ready, paths, images, layers),
                layers=layers,
                palette=palette_of(ready.recipe, torch.stack(images).mul(255).byte(), ready.model.channels),
                seed=seed,
                device=ready.device,
                view=ready.view,
                prior=prior_of(ready.recipe, ready.model.channels),
                batch_size=batch_size,
                snapshots=snapshots,
            )

        where = layers[0].address if len(layers) == 1 else f"{len(layers)}-layers"
        folder = RunFolder(Path(out) if out else default_path(f"invert-{Path(paths[0]).stem}", ready.model.name, where))
        return carry_out(
            "invert", folder, ready, options, order, model, weights, checkpoint, seed, force, command, progress
        )


def _wanted(ready: Opened, paths: Sequence[str], images: Sequence[Tensor], layers: Sequence[Layer]) -> list[Wanted]:
    wanted = []
    with torch.no_grad(), Reader(ready.model.network, layers) as read:
        for path, image in zip(paths, images, strict=True):
            seen = read(ready.model.preprocessing.normalise(image[None].to(ready.device)))
            about = {"photo": str(Path(path).absolute())}
            wanted += [
                Wanted(
                    f"{Path(path).name} at {layer.address}",
                    -Reconstruction(layer.address, seen[layer.address]),
                    image,
                    about=about,
                )
                for layer in layers
            ]
    return wanted
