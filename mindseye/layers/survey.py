"""The survey of a network: which of its modules fire when it looks at images, and how their activations are read.

Nothing is told from the names of modules where it can be tried: two images pass through the network, then the first of them
beside another one. What changed is the second image's; what did not follows no image; and if the first image's answers changed
too, images must be given one at a time.
"""

from collections.abc import Mapping
from math import isqrt

from torch import nn

from mindseye.errors import UserError, one_line
from mindseye.layers.comparison import Comparison, compare_passes
from mindseye.layers.firings import Firing, Pass, Place, is_constant, watch
from mindseye.layers.layer import INPUT, Layer, Survey
from mindseye.layers.layout import (
    Axes,
    Layout,
    axes_of_kind,
    axes_of_square,
    axes_of_stretched,
    stated_extra_tokens,
)
from mindseye.models.freeze import freeze
from mindseye.models.probe import example_input

SURVEY_BATCH = 2
STRETCH = 64
MOST_EXTRA_TOKENS = 8


def survey(network: nn.Module, size: int, in_channels: int = 3) -> Survey:
    """Every address that fires, in the order of firing, for square images of this size.

    Two forward passes with two images each; others only where these leave something open: with wider images for the axes, with
    random numbers from a seed where the same image gets two answers, with one image where the network takes no two.

    Raises:
        UserError: if the network does not take images of this size and number of input channels.
    """
    images = example_input(in_channels, size, size, SURVEY_BATCH, network)
    with freeze(network):
        first = watch(network, images)
        if first.error is not None:
            first = watch(network, images, plain=True)
        reason = "" if first.error is None else f"{type(first.error).__name__}: {one_line(first.error)}"
        if reason or _may_run_singly(first):
            single = watch(network, images[:1])
            if single.error is not None:
                single = watch(network, images[:1], plain=True)
            if single.error is not None:
                raise UserError(
                    f"the network does not take {in_channels}-channel images of {size} px ({one_line(single.error)}); "
                    "try another --size"
                ) from single.error
            if not reason and len(single.firings) < len(first.firings):
                reason = "its modules run once for each image"
            if reason:
                images, first = images[:1], single
        return _Surveyor(network, size, first, compare_passes(network, images, first, reason)).layers()


def _may_run_singly(seen: Pass) -> bool:
    """Whether a module that ran several times was given one image each time."""
    return any(firing.call and not firing.of_input and firing.shape[:1] == (1,) for firing in seen.firings)


class _Surveyor:
    """Makes layers of firings. batch: how many images were in the pass."""

    def __init__(self, network: nn.Module, size: int, first: Pass, comparison: Comparison) -> None:
        self.network, self.size, self.first, self.comparison = network, size, first, comparison
        self.batch = comparison.batch
        self.in_channels = comparison.in_channels
        self.modules = dict(network.named_modules())
        self.extra_tokens: dict[int, tuple[int, ...]] = {}
        self._stretched: Mapping[Place, tuple[int, ...]] | None = None
        self._axes_by_shape: dict[tuple[int, ...], set[Axes]] = {}
        for firing in first.firings:
            axes = axes_of_kind(self.modules[firing.module], len(firing.shape))
            if axes is not None:
                self._axes_by_shape.setdefault(firing.shape, set()).add(axes)

    def layers(self) -> Survey:
        """All layers that can be read, and why others cannot."""
        calls: dict[str, int] = {}
        for firing in self.first.firings:
            calls[firing.module] = max(calls.get(firing.module, 0), firing.call + 1)
        layers: list[Layer] = []
        unreadable: dict[str, str] = {}
        for firing in self.first.firings:
            number = f"#{firing.call}" if calls[firing.module] > 1 else ""
            address = f"{firing.module}{number}{INPUT if firing.of_input else ''}"
            try:
                layout = self._layout(firing)
            except ValueError as error:
                unreadable[address] = str(error)
                continue
            layers.append(self._layer(address, firing, layout, calls[firing.module]))
        heard = {firing.module for firing in self.first.firings if not firing.of_input}
        silent = {name: reason for name, reason in self.first.silent.items() if name not in heard}
        return Survey(layers, unreadable | silent, self.comparison.notes(layers))

    def _layer(self, address: str, firing: Firing, layout: Layout, calls: int) -> Layer:
        is_second = layout.order == "second"
        return Layer(
            address=address,
            module=firing.module,
            call=firing.call,
            calls=calls,
            of_input=firing.of_input,
            kind=type(self.modules[firing.module]).__name__,
            shape=(firing.shape[0], *firing.shape[2:]) if is_second else firing.shape[1:],
            layout=layout,
            channels=layout.channels(firing.shape),
            grid=layout.grid(firing.shape, self.batch),
            cost=firing.flops / self.first.flops if self.first.flops else 0.0,
            reading=self.comparison.reading(firing),
            has_gradient=self.comparison.has_gradient(firing),
        )

    def _layout(self, firing: Firing) -> Layout:
        """How a firing is read.

        Raises:
            ValueError: if it is no activation of images, in words that follow the layer's name.
        """
        shape, module = firing.shape, self.modules[firing.module]
        if 0 in shape:
            raise ValueError(f"gives {list(shape)} for {self.batch} images, which is empty")
        order = self.comparison.order(firing, module)
        axes = self._axes(firing, module, order)
        if axes == "tokens" and order in ("first", "second"):
            return Layout("tokens", self._extra_tokens(firing, shape[1 if order == "first" else 0], order), order)
        return Layout(axes, (), order)

    def _axes(self, firing: Firing, module: nn.Module, order: str) -> Axes:
        shape = firing.shape
        if len(shape) < 2 or len(shape) > 5 or (order == "second" and len(shape) != 3):
            raise ValueError(f"gives {list(shape)} for {self.batch} images, which is no map, tokens or vector")
        if len(shape) == 2 and order == "windows":
            raise ValueError(f"gives {list(shape)} for {self.batch} images, which are no vectors of one each")
        axes = axes_of_kind(module, len(shape))
        if axes is not None:
            return "tokens" if order == "second" else axes
        if len(shape) == 4:
            return axes_of_square(shape) or axes_of_stretched(shape, self._wider(firing))
        if order != "first":
            return "tokens" if len(shape) == 3 else "map"
        alike = self._axes_by_shape.get(shape, set())
        if len(alike) == 1:
            return next(iter(alike))
        if len(shape) == 5:
            raise ValueError(f"gives {list(shape)}, of whose axes none is known to hold the channels")
        return axes_of_stretched(shape, self._wider(firing))

    def _wider(self, firing: Firing) -> tuple[int, ...]:
        """The shape that the firing has for images that are wider; the same where the network does not take them."""
        if self._stretched is None:
            wide = example_input(self.in_channels, self.size, self.size + STRETCH, self.batch, self.network)
            seen = watch(self.network, wide)
            self._stretched = {other.place: other.shape for other in seen.firings}
        shape = self._stretched.get(firing.place, firing.shape)
        return shape if len(shape) == len(firing.shape) else firing.shape

    def _extra_tokens(self, firing: Firing, tokens: int, order: str) -> tuple[int, ...]:
        """Which tokens are no positions: those that, where so many tokens come first, are alike for all images."""
        if tokens not in self.extra_tokens:
            shifts = self.comparison.shift(firing)
            of_last = None if shifts is None else shifts[-1] if order == "first" else shifts[:, -1]
            own = None if of_last is None else ~is_constant(of_last, firing.same)
            constant = () if own is None or not own.any() else tuple(int(index) for index in (~own).nonzero().flatten())
            if not 0 < len(constant) <= min(MOST_EXTRA_TOKENS, tokens - len(constant) - 1):
                constant = ()
            stated = stated_extra_tokens(self.network, tokens)
            if not constant and stated and _is_square(tokens - len(stated)) and not _is_square(tokens):
                constant = stated
            self.extra_tokens[tokens] = constant
        return self.extra_tokens[tokens]


def _is_square(count: int) -> bool:
    return isqrt(count) ** 2 == count
