"""What a run is asked to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from mindseye.layers.compiler import Compiler, painting_reader
from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.models.load import Model
from mindseye.optimize.canvases.prior import Prior
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.photo_set import PhotoSet


@dataclass(frozen=True)
class Job:
    """Everything that decides what a run's pictures look like.

    network: every layer that fires, from ``survey``. targets: the layers to paint, early to late. cluster: the layer that
    the facets are found at. penalty: the address whose L1 norm is held down, None for the input of each target.
    channels: taken instead of the top-k. size: side of the canvas. view: of what the network
    sees. batch_size: pictures painted at once, 0 for all.
    prior: the decoder of a recipe whose canvas is one. compiler: of a recipe that compiles. name: what its random
    numbers are called beside those of others in one batch, "" for a run by itself.
    """

    photos: PhotoSet
    model: Model
    network: Sequence[Layer]
    targets: Sequence[Layer]
    cluster: Layer
    facets: int | Literal["auto"]
    recipe: Recipe
    seed: int
    device: torch.device
    size: int
    view: int
    batch_size: int = 0
    penalty: str | None = None
    channels: Sequence[int] | None = None
    prior: Prior | None = None
    compiler: Compiler | None = None
    name: str = ""

    def painting_reader(self, layers: Sequence[Layer]) -> Reader:
        """Reads the layers that a picture is painted towards."""
        return painting_reader(self.model, layers, self.view, self.compiler)

    @property
    def prefix(self) -> str:
        """What its random numbers' names begin with."""
        return f"{self.name}/" if self.name else ""
