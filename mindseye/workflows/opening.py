"""What every painting command does first: check the numbers, read the recipe, open the network."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.layers.compiler import Compiler
from mindseye.layers.layer import Layer
from mindseye.layers.survey import survey
from mindseye.models.freeze import allow_gradients, freeze
from mindseye.models.load import Model, load_model
from mindseye.models.placement import put_channels_last, torch_device
from mindseye.optimize.canvases.prior import Prior, prior_of, with_whole_path
from mindseye.optimize.recipe.checks import recipe_from
from mindseye.optimize.recipe.files import load_recipe
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.report.progress import Progress

DEFAULT_RECIPE = "distribution"


@dataclass(frozen=True)
class Opened:
    """A network that is ready to be painted from.

    network: every layer that fires. recipe: with the size of the canvas filled in. view: side of what the network sees.
    prior: the decoder of a recipe whose canvas is one. compiler: of a recipe that compiles.
    """

    model: Model
    network: list[Layer]
    recipe: Recipe
    device: torch.device
    view: int
    prior: Prior | None = None
    compiler: Compiler | None = None


@contextmanager
def opened(
    model: str | nn.Module,
    weights: str | None,
    checkpoint: str | None,
    device: str,
    size: int | None,
    recipe: Recipe,
    progress: Progress,
) -> Iterator[Opened]:
    """Load a network and look at its layers; it is frozen, in evaluation mode and on its device until the end."""
    place = torch_device(device, model)
    loaded = load_model(model, weights=weights, checkpoint=checkpoint, size=size or recipe.size)
    if loaded.weights == "none":
        progress.say(f"note: {loaded.name} has random weights: its pictures show what no training has taught")
    side = size or recipe.size or loaded.preprocessing.size
    view = loaded.preprocessing.size if loaded.preprocessing.fixed_size else side
    with freeze(loaded.network), allow_gradients(), ExitStack() as held:
        loaded.network.to(place)
        if isinstance(model, str):
            # Convolutions are faster with channels last, on CPU and GPU; a module that was given stays as it is.
            put_channels_last(loaded.network)
        network = survey(loaded.network, view, loaded.in_channels)
        for note in [*loaded.findings.notes, *network.notes]:
            progress.say(f"note: {note}")
        prior = prior_of(recipe, loaded.in_channels)
        compiler = held.enter_context(Compiler()) if recipe.compile else None
        yield Opened(loaded, network, replace(recipe, size=side), place, view, prior, compiler)


def check_numbers(seed: int, snapshots: int | None, *counts: int | None) -> None:
    """Refuse an impossible seed, or counts that are no whole numbers.

    Raises:
        UserError: naming the value.
    """
    if not (isinstance(seed, int) and 0 <= seed < 2**32):
        raise UserError(f"seed is a whole number from 0 to {2**32 - 1}, not {seed!r}")
    if snapshots is not None and not (isinstance(snapshots, int) and snapshots >= 1):
        raise UserError(f"snapshots is a whole number above zero, not {snapshots!r}")
    for count in counts:
        if count is not None and not (isinstance(count, int) and count >= 0):
            raise UserError(f"steps, size, top-k and batch size are whole numbers, zero or more, not {count!r}")


def chosen_recipe(
    recipe: str | Recipe,
    changes: Mapping[str, Any] | None,
    steps: int | None = None,
    top_k: int | None = None,
    snapshots: int | None = None,
) -> Recipe:
    """A recipe by name, file or value, with single numbers changed; the file of its prior by its whole path."""
    given = {"steps": steps, "top_k": top_k, "snapshots": snapshots}
    replaced = dict(changes or {}) | {key: value for key, value in given.items() if value is not None}
    if isinstance(recipe, str):
        return with_whole_path(load_recipe(recipe, replaced))
    return with_whole_path(recipe_from(recipe.as_dict() | replaced, recipe.name))


def absolute(checkpoint: str | Path | None) -> str | None:
    """A checkpoint's whole path, so that a run can be continued from elsewhere."""
    return str(Path(checkpoint).absolute()) if checkpoint is not None else None
