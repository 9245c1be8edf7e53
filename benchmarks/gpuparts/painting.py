"""Paintings to be timed, and the bare passes that they are held against."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor

from mindseye.facets.made import is_made, made_layers
from mindseye.facets.target import Target, build_target
from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.layers.stages import last_before_pooling
from mindseye.optimize.canvases.compose import palette_of
from mindseye.optimize.compose import layers_to_match
from mindseye.optimize.loop import Painting
from mindseye.optimize.loss import autocast
from mindseye.optimize.order import FacetOrder
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.session import NetworkSession

LONG = 100_000
"""Steps of a painting that is timed: it never ends, and schedules stand still."""


def timed_recipe(name: str, precision: str, compiled: bool = False) -> Recipe:
    """A recipe as most of its steps are: coarse-to-fine and the early octaves concern the first ones only."""
    changes = {"steps": LONG, "coarse": 0.0, "octaves": 1, "precision": precision, "compile": compiled}
    return replace(load_recipe(name), **changes)  # type: ignore[arg-type]


@contextmanager
def facet_order(session: NetworkSession, recipe: Recipe, address: str = "") -> Iterator[FacetOrder]:
    """The order of one facet, of a photo of noise, with a session in use; asked for often it is a batch of any size.

    address: of the layer, by default the last before pooling.
    """
    with session.using(recipe) as used:
        network = used.model.network
        layer = used.layer(address) if address else last_before_pooling(network, used.network)
        matched = layers_to_match(used.recipe, network, used.network, layer)
        penalty = "" if recipe.schedule("penalty").is_zero else f"{layer.address}@input"
        addresses = dict.fromkeys([*(part for part in matched if not is_made(part)), layer.address])
        side, channels = used.view, used.model.in_channels
        photo = torch.rand(1, channels, side, side, generator=torch.Generator().manual_seed(0))
        on_device = photo.to(used.device)
        with torch.no_grad(), used.reader([used.layer(part) for part in addresses]) as read:
            seen = read(used.model.preprocessing.normalise(on_device))
            seen |= made_layers(on_device, seen, read.layers, matched)
        yield FacetOrder(
            session=used,
            keys=["0"],
            palette=palette_of(used.recipe, (photo * 255).byte(), channels),
            # Where they are wanted, as copying them for a large batch would take longer than what is measured.
            targets={part: _target(part, seen[part], recipe.top_k) for part in {*addresses, *matched}},
            layer=layer.address,
            matched=matched,
            penalty=penalty or None,
            weighted=photo if recipe.start == "weighted" else None,
        )


def _target(address: str, activation: Tensor, top_k: int) -> Target:
    return build_target(address, activation.float().sort(-1).values, top_k)


@contextmanager
def painting_of(order: FacetOrder, pictures: int) -> Iterator[Painting]:
    """So many pictures of an order's only facet, at their start."""
    with order.reader() as read:
        yield order.painting(read, [0] * pictures)


@contextmanager
def bare_step(order: FacetOrder, pictures: int) -> Iterator[Callable[[], None]]:
    """A forward pass to the order's layer and one backward to the image, of the network as it was loaded."""
    session = order.session
    layer: Layer = session.layer(order.layer)
    side = session.view
    images = torch.rand(pictures, session.model.in_channels, side, side, device=session.device)
    with Reader(session.model.network, [layer]) as read:

        def step() -> None:
            leaf = images.clone().requires_grad_()
            with autocast(session.recipe.precision, session.device):
                activation = read(session.model.preprocessing.normalise(leaf))[layer.address]
            activation.float().sum().backward()  # type: ignore[no-untyped-call]

        yield step
