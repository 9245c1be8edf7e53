"""Pictures of named objectives as one call: ``mindseye.paint("layer3.5.conv1:11", model=...)``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mindseye.api.carrying import Note, carry_out
from mindseye.api.opening import DEFAULT_RECIPE, Opened, absolute, check_numbers, chosen_recipe, opened
from mindseye.commission import Order, Wanted
from mindseye.errors import UserError
from mindseye.evaluation.panel import Network, convene
from mindseye.exemplars import Exemplars, find_exemplars
from mindseye.facets.image import is_of_image
from mindseye.facets.target import Target
from mindseye.inputs.images import Source, find_images
from mindseye.inputs.layers import Layer, find_layer
from mindseye.inputs.photo import load_photo, photo_digest
from mindseye.optimize.address import parse_objective
from mindseye.optimize.canvases import palette_of
from mindseye.optimize.lookup import Surveyed, look_up, look_up_between
from mindseye.optimize.objective import Objective
from mindseye.optimize.painting import Term
from mindseye.optimize.prior import prior_of
from mindseye.optimize.recipe import Recipe
from mindseye.optimize.schedules import Schedule
from mindseye.optimize.set_objectives import Alignment, Diversity
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.runs.folder import RunFolder, default_path

ALIGNMENT, SHARED = 0.5, 0.5

Found = tuple[Objective, Layer]
"""An objective, and the one layer that it reads."""


def paint(
    objectives: str | Sequence[str],
    model: str | nn.Module = "resnet50",
    *,
    recipe: str | Recipe = DEFAULT_RECIPE,
    init: str | Path | None = None,
    together: bool = False,
    interpolate: int = 0,
    variants: int = 1,
    diversity: float = 0.0,
    examples: Source | None = None,
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
    judge: Network | Sequence[Network] = (),
    labels: str | int | Sequence[str | int] = (),
    quiet: bool = False,
    command: str = "mindseye.paint(...)",
) -> Run:
    """Paint units, channels, layers, classes or directions of a network: a picture for each objective, in one batch.

    Args:
        objectives: as ``parse_objective`` reads them: ``"layer3.5.conv1:11"``, ``"...:11@4,7"``, ``"...:11:neg"``,
            ``"layer3.5"``, ``"class:zebra"``, ``"layer:random:0"``, ``"layer:direction.npy"``, ``"output:masks:15"``.
        model, weights, checkpoint: as ``visualize`` takes them.
        recipe: its name, a TOML file or a Recipe; ``steps`` and ``changes`` replace single numbers of it.
        init: a photo to start from; the recipe's ``start`` is then ``photo``.
        together: one picture of the objectives' sum. interpolate: so many pictures on the way from the first to the second
            of two objectives, which share a low-frequency canvas and are kept alike.
        variants: pictures of each objective. diversity: how strongly variants are kept apart, the weight of ``Diversity``.
        examples: photos; the variants then are the facets of those that the objective likes best (its top 5 %).
        power: of a direction's cosine. probability: raise a class's log probability rather than its logit.
        out: the run folder; by default ``runs/paint-MODEL-OBJECTIVE``.
        size, seed, device, batch_size, snapshots, force: as ``visualize`` takes them.
        judge, labels: who looks at the pictures when they are painted, and what it should see where the objective names no
            class, as ``mindseye.evaluate`` takes them. A judge that has been asked the same before is not asked again.

    Returns:
        The run, which shows itself in a notebook.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    asked = [objectives] if isinstance(objectives, str) else list(objectives)
    check_numbers(seed, snapshots, batch_size, size, steps)
    _check(asked, together, interpolate, variants, diversity, examples is not None, batch_size)
    chosen = _recipe(chosen_recipe(recipe, changes, steps), init is not None, interpolate)
    progress = Progress(quiet)
    judging = judge or labels
    panel = convene(judge, labels=labels, painter=model if isinstance(model, str) else None) if judging else None
    photos = find_images(examples) if examples is not None else None
    checkpoint = absolute(checkpoint)
    with opened(model, weights, checkpoint, device, size, chosen, progress) as ready:
        found, layers = _found(asked, ready, together, interpolate, power, probability)
        beside = _beside(layers, variants, diversity, interpolate)
        image = load_photo(init, ready.model.preprocessing, ready.recipe.size, ready.model.channels) if init else None
        options = {
            "objectives": [objective.name for objective, _ in found],
            "interpolate": interpolate,
            "variants": variants,
            "diversity": diversity,
            "examples": photos.digest() if photos else None,
            "power": power,
            "probability": probability,
            "init": None if image is None else photo_digest(image),
        }

        def order(note: Note) -> Order:
            exemplars = (
                find_exemplars(
                    photos,
                    found,
                    variants,
                    ready.model,
                    ready.network,
                    ready.recipe,
                    ready.view,
                    seed,
                    ready.device,
                    progress,
                )
                if photos
                else None
            )
            for line in exemplars.notes if exemplars else ():
                note(line)
            return _order(ready, found, layers, variants, beside, image, exemplars, seed, batch_size, snapshots)

        words = asked[0] if len(asked) == 1 else f"{len(asked)}-objectives"
        folder = RunFolder(Path(out) if out else default_path("paint", ready.model.name, words))
        return carry_out(
            "paint", folder, ready, options, order, model, weights, checkpoint, seed, force, command, progress, panel
        )


def _check(
    asked: Sequence[str],
    together: bool,
    interpolate: int,
    variants: int,
    diversity: float,
    has_examples: bool,
    batch_size: int,
) -> None:
    if not asked:
        raise UserError("no objective: name at least one, such as 'layer3.5.conv1:11' or 'class:zebra'")
    if interpolate and len(asked) != 2:
        raise UserError(f"an interpolation leads from one objective to another: name two, not {len(asked)}")
    if interpolate and (together or variants > 1 or has_examples):
        raise UserError("--interpolate paints a row of pictures: leave --together, --variants and --examples out")
    if not (isinstance(variants, int) and variants >= 1):
        raise UserError(f"variants is a whole number above zero, not {variants!r}")
    if not 0 <= diversity < float("inf"):
        raise UserError(f"diversity is a weight of zero or more, not {diversity!r}")
    if diversity and variants == 1:
        raise UserError("diversity keeps variants apart: ask for at least two with --variants")
    if batch_size and (diversity or interpolate):
        raise UserError("pictures that are compared with each other are painted in one batch: leave --batch-size out")


def _recipe(recipe: Recipe, from_photo: bool, interpolate: int) -> Recipe:
    if from_photo:
        recipe = replace(recipe, start="photo")
    if interpolate and not recipe.shared and recipe.canvas in ("fourier", "laplacian"):
        recipe = replace(recipe, shared=SHARED)
    if recipe.schedule("objective").is_zero:
        raise UserError(f"recipe {recipe.name} gives the objective no weight: --set objective=1")
    return recipe


def _found(
    asked: Sequence[str], ready: Opened, together: bool, interpolate: int, power: float, probability: bool
) -> tuple[list[Found], list[Layer]]:
    """The objectives in order, each with a layer that it reads, and all layers that are read."""
    surveyed = Surveyed(ready.model, ready.network, ready.view)
    addresses = [parse_objective(words) for words in asked]
    if interpolate:
        first, second = addresses
        objectives, layers = look_up_between(first, second, interpolate, surveyed, power, probability)
        return [(objective, layers[0]) for objective in objectives], layers
    found = [look_up(address, surveyed, power, probability) for address in addresses]
    layers = list({layer.address: layer for _, layer in found}.values())
    if not together or len(found) == 1:
        return found, layers
    whole = found[0][0]
    for objective, _ in found[1:]:
        whole = whole + objective
    whole.name = " + ".join(asked)
    return [(whole, layers[0])], layers


def _order(
    ready: Opened,
    found: Sequence[Found],
    layers: Sequence[Layer],
    variants: int,
    beside: Callable[[Sequence[int]], list[Term]],
    image: Tensor | None,
    exemplars: Exemplars | None,
    seed: int,
    batch_size: int,
    snapshots: int,
) -> Order:
    targets: dict[str, Target] = exemplars.targets if exemplars else {}
    read = {layer.address: layer for layer in layers}
    read |= {
        address: find_layer(ready.network, address)
        for address in targets
        if address not in read and not is_of_image(address)
    }
    wanted: list[Wanted] = []
    for objective, _ in found:
        for variant in range(variants):
            about: dict[str, object] = {"variant": variant} if variants > 1 else {}
            if exemplars is not None:
                about["members"] = [{"path": path} for path in exemplars.members[len(wanted)]]
            wanted.append(Wanted(objective.name, objective, image, about=about))
    return Order(
        model=ready.model,
        recipe=ready.recipe,
        wanted=wanted,
        layers=list(read.values()),
        palette=palette_of(ready.recipe, exemplars.pixels if exemplars else None, ready.model.channels),
        seed=seed,
        device=ready.device,
        view=ready.view,
        beside=beside,
        targets=targets,
        prior=prior_of(ready.recipe, ready.model.channels),
        batch_size=batch_size,
        snapshots=snapshots,
    )


def _beside(
    layers: Sequence[Layer], variants: int, diversity: float, interpolate: int
) -> Callable[[Sequence[int]], list[Term]]:
    """What compares the pictures of a batch: variants kept apart at each layer, a row kept alike."""

    def terms(pictures: Sequence[int]) -> list[Term]:
        made = []
        if diversity:
            groups = torch.tensor([index // variants for index in pictures])
            weight = Schedule(-diversity, -diversity)
            made += [
                Term(f"diversity {layer.address}", Diversity(layer.address, groups), weight)
                for layer in layers
                if layer.positions > 1
            ]
        if interpolate:
            addresses = [layer.address for layer in layers]
            made.append(Term("alignment", Alignment(addresses), Schedule(ALIGNMENT, ALIGNMENT)))
        return made

    return terms
