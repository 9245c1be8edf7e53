"""What a photo lacks for a unit, painted into it: ``mindseye.accentuate("photo.jpg", "layer:11", model=...)``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mindseye.errors import UserError
from mindseye.layers.layer import Layer, find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.stages import stages
from mindseye.optimize.objectives.address import parse_objective
from mindseye.optimize.objectives.lookup import look_up
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.objectives.photo import Caricature, Reconstruction
from mindseye.optimize.objectives.surveyed import Surveyed
from mindseye.optimize.recipe.checks import check_for_objectives
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.transforms.views import Views
from mindseye.photos.photo import Photo, load_photo, photo_digest, photo_path
from mindseye.report.drawing import printable
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.runs.folder import RunFolder, default_path
from mindseye.workflows.carrying import Note, carry_out
from mindseye.workflows.objectives.commission import Order, Wanted
from mindseye.workflows.objectives.ordering import check_positions, order_for
from mindseye.workflows.opening import Opened, absolute, check_numbers, chosen_recipe, opened

TINY = 1e-6


def accentuate(
    photo: Photo,
    objectives: str | Sequence[str],
    model: str | nn.Module = "resnet50",
    *,
    caricature: bool = False,
    near: float | None = None,
    near_layer: str | None = None,
    recipe: str | Recipe = "accentuate",
    power: float | None = None,
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
    snapshots: int | None = None,
    force: bool = False,
    quiet: bool = False,
    command: str = "mindseye.accentuate(...)",
) -> Run:
    """Paint into a photo what it lacks for a unit, or, as a caricature, more of what a layer sees in it already.

    Picture and photo are seen under the same random views; the picture is held near the photo at an early layer. Hamblin et
    al., "Feature Accentuation" (2024); for caricatures, Lucid's objective of that name (``Caricature``).

    Args:
        photo: a file or an array. objectives: as ``paint`` takes them, a picture each; for a caricature, addresses of layers.
        near: how strongly the picture is held to the photo; by default 1, for a caricature 0.1. near_layer: where; by default
            the first stage of the network. power: of the cosine; by default 2, for a caricature 0, as its activations point
            the right way from the start.
        out: the run folder; by default ``runs/accentuate-PHOTO-MODEL-OBJECTIVE``. The rest is as in ``paint``.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    asked = [objectives] if isinstance(objectives, str) else list(objectives)
    if not asked:
        raise UserError("no objective: name at least one, such as 'layer3.5.conv1:11' or 'class:zebra'")
    near, power = _strengths(near, power, caricature)
    if not 0 <= near < float("inf"):
        raise UserError(f"near is a weight of zero or more, not {near!r}")
    check_numbers(seed, snapshots, batch_size, size, steps)
    path = photo_path(photo)
    chosen, progress = chosen_recipe(recipe, changes, steps, snapshots=snapshots), Progress(quiet)
    check_for_objectives(chosen)
    checkpoint = absolute(checkpoint)
    with opened(model, weights, checkpoint, device, size, chosen, progress) as ready:
        image = load_photo(photo, ready.model.preprocessing, ready.recipe.size, ready.model.in_channels)
        anchor = find_layer(ready.network, near_layer) if near_layer else stages(ready.model.network, ready.network)[0]
        found = _found(asked, ready, caricature, power, probability)
        check_positions([objective for objective, _ in found], ready)
        options = {
            "photo": photo_digest(image),
            "objectives": asked,
            "caricature": caricature,
            "near": near,
            "near_layer": anchor.address,
            "power": power,
            "probability": probability,
            "batch_size": batch_size,
        }

        def order(note: Note) -> Order:
            layers = list({layer.address: layer for layer in [*(layer for _, layer in found), anchor]}.values())
            sizes = _sizes(ready, image, layers)
            held = Reconstruction(anchor.address) * near
            about = {"photo": None if path is None else str(path)}
            wanted = [
                Wanted(
                    _words(objective, caricature),
                    (objective if caricature else objective * (1 / sizes[layer.address])) - held,
                    image,
                    image,
                    about,
                    shown=objective,
                )
                for objective, layer in found
            ]
            return order_for(ready, wanted, layers, image[None].mul(255).byte(), seed, batch_size)

        words = asked[0] if len(asked) == 1 else f"{len(asked)}-objectives"
        folder = RunFolder(
            Path(out) if out else default_path(f"accentuate-{path.stem if path else 'array'}", ready.model.name, words)
        )
        return carry_out(
            "accentuate", folder, ready, options, order, model, weights, checkpoint, seed, force, command, progress
        )


def _strengths(near: float | None, power: float | None, caricature: bool) -> tuple[float, float]:
    usual = (0.1, 0.0) if caricature else (1.0, 2.0)
    return usual[0] if near is None else near, usual[1] if power is None else power


def _found(
    asked: Sequence[str], ready: Opened, caricature: bool, power: float, probability: bool
) -> list[tuple[Objective, Layer]]:
    if caricature:
        layers = [find_layer(ready.network, words) for words in asked]
        return [(Caricature(layer.address, power=power), layer) for layer in layers]
    surveyed = Surveyed(ready.model, ready.network, ready.view)
    return [look_up(parse_objective(words), surveyed, power, probability) for words in asked]


def _words(objective: Objective, caricature: bool) -> str:
    return f"caricature at {objective.layers[0]}" if caricature else printable(objective.name)


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
