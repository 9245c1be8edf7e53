"""Orders: the pictures of one painting, what each starts from and towards what it is painted.

Pictures of a facet order come near targets; those of an objective order raise an objective each. Both are painted in
batches of any of their pictures, and a picture does not depend on which others are in its batch.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from mindseye.facets.made import is_made
from mindseye.facets.target import Target
from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.optimize.canvases.canvas import Canvas, CanvasRequest
from mindseye.optimize.canvases.compose import compose_canvas
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.compose import compose_terms, image_terms, match_terms, negate, wants_start
from mindseye.optimize.loop import Painting
from mindseye.optimize.loss import Term
from mindseye.optimize.objectives.batch import Each
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.session import NetworkSession
from mindseye.optimize.transforms.views import Views

Compare = Callable[[Sequence[int]], list[Term]]
"""Further terms for the pictures with these numbers, which may compare them."""


@dataclass(frozen=True)
class Order(ABC):
    """Pictures to be painted with the recipe of a session.

    keys: what each picture's random numbers are called. palette: of all pictures, or of each.
    """

    session: NetworkSession
    keys: Sequence[str]
    palette: Palette

    def __len__(self) -> int:
        return len(self.keys)

    @property
    @abstractmethod
    def layers(self) -> list[Layer]:
        """The layers of the network that are read while the pictures are painted."""

    @abstractmethod
    def terms(self, pictures: Sequence[int], read: Reader, canvas: Canvas, views: Views) -> list[Term]:
        """The loss of some of the pictures, whose canvas shows their start."""

    def images(self, pictures: Sequence[int]) -> Tensor | None:
        """What the canvas of some pictures starts from, [pictures, channels, any, any] in [0, 1]; None for nothing."""
        return None

    def photos(self, pictures: Sequence[int]) -> Tensor | None:
        """What some pictures are held against, seen under their very views, [pictures, channels, side, side] in [0, 1]."""
        return None

    @property
    def is_fixed(self) -> bool:
        """Whether all octaves of the recipe are seen at one size."""
        return self.session.is_fixed

    def reader(self) -> Reader:
        """Reads ``layers`` while they are painted towards."""
        return self.session.painting_reader(self.layers)

    def painting(self, read: Reader, pictures: Sequence[int]) -> Painting:
        """The painting of some of the pictures at its very start; ``read`` gives ``layers``."""
        session, recipe = self.session, self.session.recipe
        random = RandomKeys(session.seed, tuple(self.keys[index] for index in pictures))
        canvas = compose_canvas(
            CanvasRequest(
                recipe,
                recipe.size,
                session.model.in_channels,
                self.palette.select(pictures),
                random,
                session.device,
                self.images(pictures),
                session.prior,
            )
        )
        views = Views.of(recipe, session.view, self.is_fixed)
        terms = self.terms(pictures, read, canvas, views)
        photos = self.photos(pictures)
        beside = None if photos is None else photos.to(session.device)
        return Painting(canvas, terms, recipe, views, random, read, session.model.preprocessing, beside)


@dataclass(frozen=True)
class FacetOrder(Order):
    """A picture per facet of one layer.

    targets: of all facets, by address, on the CPU. layer: the address whose top-k counts. matched, penalty: as
    ``compose_terms`` wants them. weighted: the weighted members of all facets, or None where the recipe starts from none.
    raised: what the dot product reads, of all facets, where that is not the target's own top-k.
    """

    targets: Mapping[str, Target]
    layer: str
    matched: Sequence[str] = ()
    penalty: str | None = None
    weighted: Tensor | None = None
    raised: Target | None = None

    @property
    def layers(self) -> list[Layer]:
        penalty = [self.penalty] if self.penalty else []
        addresses = dict.fromkeys([*self.matched, self.layer, *penalty])
        return [self.session.layer(address) for address in addresses if not is_made(address)]

    def images(self, pictures: Sequence[int]) -> Tensor | None:
        return None if self.weighted is None else self.weighted[list(pictures)]

    def terms(self, pictures: Sequence[int], read: Reader, canvas: Canvas, views: Views) -> list[Term]:
        device, normalise = self.session.device, self.session.model.preprocessing.normalise
        targets = {address: target.select(pictures).to(device) for address, target in self.targets.items()}
        start = None
        if wants_start(self.session.recipe):
            with torch.no_grad():
                start = read(normalise(views.plain(canvas.render())))[self.layer]
        raised = targets[self.layer] if self.raised is None else self.raised.select(pictures).to(device)
        return compose_terms(self.session.recipe, targets, self.layer, self.matched, self.penalty, start, raised)

    @classmethod
    def joined(cls, orders: Sequence["FacetOrder"]) -> "FacetOrder":
        """One order of the pictures of several runs, in their sequence; each keeps its own palette.

        They must be of one network, layer and recipe, and differ in their photos, and in what is raised, only.
        """
        first = orders[0]
        targets = {address: Target.joined([order.targets[address] for order in orders]) for address in first.targets}
        raised = [order.raised for order in orders if order.raised is not None]
        weighted = [order.weighted for order in orders if order.weighted is not None]
        return replace(
            first,
            keys=[key for order in orders for key in order.keys],
            targets=targets,
            weighted=torch.cat(weighted) if len(weighted) == len(orders) else None,
            raised=Target.joined(raised) if len(raised) == len(orders) else None,
            palette=Palette.join([order.palette for order in orders for _ in order.keys]),
        )


@dataclass(frozen=True)
class PictureRequest:
    """One picture of an objective.

    words: what it shows, as the user wrote it. objective: what is raised. image: what the canvas starts from where the
    recipe starts from one, [channels, any, any] in [0, 1]. photo: what the objective holds the picture against, seen under
    its very views, of the canvas's size. about: what else its entry in run.json says. shown: what is measured, where that
    is not the objective as a whole.
    """

    words: str
    objective: Objective
    image: Tensor | None = None
    photo: Tensor | None = None
    about: Mapping[str, object] = field(default_factory=dict)
    shown: Objective | None = None


@dataclass(frozen=True)
class ObjectiveOrder(Order):
    """A picture per objective.

    requests: the pictures. read_layers: all layers that are read. compare: further terms, which may compare pictures.
    targets: by address, one entry per picture, on the CPU; matched where there are any.
    """

    requests: Sequence[PictureRequest]
    read_layers: Sequence[Layer]
    compare: Compare = lambda pictures: []
    targets: Mapping[str, Target] = field(default_factory=dict)

    @property
    def layers(self) -> list[Layer]:
        return list(self.read_layers)

    @property
    def is_fixed(self) -> bool:
        return self.session.is_fixed or bool(self._positioned)

    @property
    def notes(self) -> list[str]:
        """What is worth knowing about how they are painted, a line each."""
        if not self._positioned or len(self.session.view_sides) == 1:
            return []
        return [f"seen at one size in all octaves, as {self._positioned[0].name} names a position of a map"]

    @property
    def _positioned(self) -> list[Objective]:
        return [request.objective for request in self.requests if request.objective.names_positions]

    def images(self, pictures: Sequence[int]) -> Tensor | None:
        images = [image for index in pictures if (image := self.requests[index].image) is not None]
        return torch.stack(images) if len(images) == len(pictures) else None

    def photos(self, pictures: Sequence[int]) -> Tensor | None:
        photos = [photo for index in pictures if (photo := self.requests[index].photo) is not None]
        return torch.stack(photos) if photos else None

    def terms(self, pictures: Sequence[int], read: Reader, canvas: Canvas, views: Views) -> list[Term]:
        recipe = self.session.recipe
        targets = {address: target.select(pictures).to(self.session.device) for address, target in self.targets.items()}
        objectives = Each([self.requests[index].objective for index in pictures])
        return [
            Term("objective", objectives, negate(recipe.schedule("objective"))),
            *match_terms(recipe, targets),
            *image_terms(recipe),
            *self.compare(pictures),
        ]
