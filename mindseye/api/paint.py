"""Pictures of named objectives as one call: ``mindseye.paint("layer3.5.conv1:11", model=...)``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from mindseye.errors import UserError
from mindseye.optimize.recipe.checks import check_for_objectives, check_start
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.photo import Photo, load_photo, photo_digest, photo_path
from mindseye.photos.photo_set import PhotoSet, Source, find_photos
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.runs.folder import RunFolder, default_path
from mindseye.workflows.carrying import Note, carry_out
from mindseye.workflows.evaluation.panel import Network, convene
from mindseye.workflows.objectives.commission import Order
from mindseye.workflows.objectives.exemplars import find_exemplars
from mindseye.workflows.objectives.ordering import compared, find_objectives, make_order, recipe_for, with_textures
from mindseye.workflows.opening import DEFAULT_RECIPE, absolute, check_numbers, chosen_recipe, opened


def paint(
    objectives: str | Sequence[str],
    model: str | nn.Module = "resnet50",
    *,
    recipe: str | Recipe = DEFAULT_RECIPE,
    init: Photo | None = None,
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
    snapshots: int | None = None,
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
        init: a photo to start from, a file or an array; the recipe's ``start`` is then ``photo``.
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
    chosen = chosen_recipe(recipe, changes, steps, snapshots=snapshots)
    check_for_objectives(chosen)
    check_start(chosen, init is not None)
    if init is not None:
        photo_path(init)
    photos = find_photos(examples) if examples is not None else None
    if photos is not None:
        _check_examples(photos, variants, chosen)
    progress = Progress(quiet)
    judging = judge or labels
    panel = convene(judge, labels=labels, painter=model if isinstance(model, str) else None) if judging else None
    checkpoint = absolute(checkpoint)
    chosen = recipe_for(chosen, init is not None, interpolate)
    with opened(model, weights, checkpoint, device, size, chosen, progress) as ready:
        found, layers = find_objectives(asked, ready, together, interpolate, power, probability)
        textures = with_textures(layers, ready) if diversity else []
        preprocessing, channels = ready.model.preprocessing, ready.model.in_channels
        image = None if init is None else load_photo(init, preprocessing, ready.recipe.size, channels)
        options = {
            "objectives": [objective.name for objective, _ in found],
            "interpolate": interpolate,
            "variants": variants,
            "diversity": diversity,
            "examples": photos.digest() if photos else None,
            "power": power,
            "probability": probability,
            "init": None if image is None else photo_digest(image),
            "batch_size": batch_size,
        }

        def order(note: Note) -> Order:
            exemplars = None
            if photos is not None:
                settings = (ready.model, ready.network, ready.recipe, ready.view, seed, ready.device, progress)
                exemplars = find_exemplars(photos, found, layers, variants, *settings)
                for line in exemplars.notes:
                    note(line)
            beside = compared(layers, textures, variants, diversity, interpolate)
            reads = [*layers, *textures]
            return make_order(ready, found, reads, variants, beside, image, exemplars, seed, batch_size)

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


def _check_examples(photos: PhotoSet, variants: int, recipe: Recipe) -> None:
    if len(photos) < variants:
        raise UserError(
            f"{len(photos)} photos make no {variants} facets: give --examples more, or ask for fewer --variants"
        )
    if recipe.schedule("match").is_zero:
        raise UserError(f"recipe {recipe.name} matches no examples: use --recipe distribution, or --set match=5")
