"""What a photo lacks for a unit, painted into it: ``mindseye.accentuate("photo.jpg", "layer:11", model=...)``."""

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
from mindseye.inputs.layers import Layer, find_layer
from mindseye.inputs.photo import load_photo, photo_digest
from mindseye.inputs.reader import Reader
from mindseye.inputs.stages import stages
from mindseye.optimize.address import parse_objective
from mindseye.optimize.canvases import palette_of
from mindseye.optimize.lookup import Surveyed, look_up
from mindseye.optimize.objective import Objective
from mindseye.optimize.photo_objectives import Caricature, Reconstruction
from mindseye.optimize.prior import prior_of
from mindseye.optimize.recipe import Recipe
from mindseye.optimize.transforms import Views
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.runs.folder import RunFolder, default_path

TINY = 1e-6


def accentuate(
    photo: str | os.PathLike[str],
    objectives: str | Sequence[str],
    model: str | nn.Module = "resnet50",
    *,
    caricature: bool = False,
    near: float = 1.0,
    near_layer: str | None = None,
    recipe: str | Recipe = "accentuate",
    power: float = 2.0,
    probability: bool = False,
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
    command: str = "mindseye.accentuate(...)",
) -> Run:
    """Paint into a photo what it lacks for a unit, or, as a caricature, more of what a layer sees in it already.

    Picture and photo are seen under the same random views; the picture is held near the photo at an early layer. Hamblin et
    al., "Feature Accentuation" (2024); for caricatures, Lucid's objective of that name (``Caricature``).

    Args:
        photo: a file. objectives: as ``paint`` takes them, a picture each; for a caricature, addresses of layers.
        near: how strongly the picture is held to the photo. near_layer: where; by default the first stage of the network.
        out: the run folder; by default ``runs/accentuate-PHOTO-MODEL-OBJECTIVE``. The rest is as in ``paint``.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    asked = [objectives] if isinstance(objectives, str) else list(objectives)
    if not asked:
        raise UserError("no objective: name at least one, such as 'layer3.5.conv1:11' or 'class:zebra'")
    if not 0 <= near < float("inf"):
        raise UserError(f"near is a weight of zero or more, not {near!r}")
    check_numbers(seed, snapshots, batch_size, size, steps)
    chosen, progress = chosen_recipe(recipe, changes, steps), Progress(quiet)
    checkpoint = absolute(checkpoint)
    with opened(model, weights, checkpoint, device, size, chosen, progress) as ready:
        image = load_photo(photo, ready.model.preprocessing, ready.recipe.size, ready.model.channels)
        anchor = find_layer(ready.network, near_layer) if near_layer else stages(ready.model.network, ready.network)[0]
        found = _found(asked, ready, caricature, power, probability)
        options = {
            "photo": photo_digest(image),
            "objectives": asked,
            "caricature": caricature,
            "near": near,
            "near_layer": anchor.address,
            "power": power,
            "probability": probability,
        }

        def order(note: Note) -> Order:
            layers = list({layer.address: layer for layer in [*(layer for _, layer in found), anchor]}.values())
            sizes = _sizes(ready, image, layers)
            held = Reconstruction(anchor.address) * near
            about = {"photo": str(Path(photo).absolute())}
            return Order(
                model=ready.model,
                recipe=ready.recipe,
                wanted=[
                    Wanted(
                        _words(objective, caricature),
                        (objective if caricature else objective * (1 / sizes[layer.address])) - held,
                        image,
                        image,
                        about,
                    )
                    for objective, layer in found
                ],
                layers=layers,
                palette=palette_of(ready.recipe, image[None].mul(255).byte(), ready.model.channels),
                seed=seed,
                device=ready.device,
                view=ready.view,
                prior=prior_of(ready.recipe, ready.model.channels),
                batch_size=batch_size,
                snapshots=snapshots,
            )

        words = asked[0] if len(asked) == 1 else f"{len(asked)}-objectives"
        folder = RunFolder(
            Path(out) if out else default_path(f"accentuate-{Path(photo).stem}", ready.model.name, words)
        )
        return carry_out(
            "accentuate", folder, ready, options, order, model, weights, checkpoint, seed, force, command, progress
        )


def _found(
    asked: Sequence[str], ready: Opened, caricature: bool, power: float, probability: bool
) -> list[tuple[Objective, Layer]]:
    if caricature:
        layers = [find_layer(ready.network, words) for words in asked]
        return [(Caricature(layer.address, power=power), layer) for layer in layers]
    surveyed = Surveyed(ready.model, ready.network, ready.view)
    return [look_up(parse_objective(words), surveyed, power, probability) for words in asked]


def _words(objective: Objective, caricature: bool) -> str:
    return f"caricature at {objective.layers[0]}" if caricature else objective.name


def _sizes(ready: Opened, image: Tensor, layers: Sequence[Layer]) -> dict[str, float]:
    """How large a mean activation of each layer is at the photo (root mean square over channels).

    Units of it make the pull towards a unit and the pull towards the photo comparable at every layer.
    """
    with torch.no_grad(), Reader(ready.model.network, layers) as read:
        seen = read(ready.model.preprocessing.normalise(Views(ready.view).plain(image[None].to(ready.device))))
    return {
        address: max(float(activation.float().mean(-1).square().mean().sqrt()), TINY)
        for address, activation in seen.items()
    }
