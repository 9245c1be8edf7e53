"""What a run over the facets of a set of photos is asked to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mindseye.layers.layer import Layer
from mindseye.optimize.session import NetworkSession
from mindseye.photos.photo_set import PhotoSet

FacetCount = int | Literal["auto"]


@dataclass(frozen=True)
class FacetJob:
    """Everything that decides what a run's pictures look like.

    session: used with the recipe. layers: those that are painted, early to late. cluster: the layer that the facets are
    found at. batch_size: pictures painted at once, 0 for all. penalty: the address whose L1 norm is held down, None for the
    input of each layer. channels: taken instead of the top-k. name: what its random numbers are called beside those of
    others in one batch, "" for a run by itself.
    """

    session: NetworkSession
    photos: PhotoSet
    layers: Sequence[Layer]
    cluster: Layer
    facets: FacetCount
    batch_size: int = 0
    penalty: str | None = None
    channels: Sequence[int] | None = None
    name: str = ""

    @property
    def prefix(self) -> str:
        """What the names of its random numbers begin with."""
        return f"{self.name}/" if self.name else ""

    def options(self, recursive: bool = False, weights_digest: str | None = None) -> dict[str, Any]:
        """What must be the same for an interrupted run to be continued. weights_digest: where it is known already."""
        session = self.session
        named = {"name": self.name} if self.name else {}
        return named | {
            "images": self.photos.root,
            "images_digest": self.photos.digest(),
            "recursive": recursive,
            "model": session.model.name,
            "weights": session.weights,
            "weights_digest": weights_digest or session.weights_digest,
            "checkpoint": session.checkpoint,
            "layers": [layer.address for layer in self.layers],
            "cluster_layer": self.cluster.address,
            "penalty_layer": self.penalty,
            "channels": None if self.channels is None else list(self.channels),
            "facets": self.facets,
            "size": session.recipe.size,
            "seed": session.seed,
            "batch_size": self.batch_size,
        }
