"""A network and its layers, which objectives are held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from mindseye.errors import UserError
from mindseye.layers.layer import Layer, find_layer
from mindseye.layers.output import OUTPUT, find_output
from mindseye.models.load import Model


@dataclass(frozen=True)
class Surveyed:
    """A model and the layers that fire in it for square images of a size in px, as ``survey`` gives them."""

    model: Model
    layers: Sequence[Layer]
    size: int

    @cached_property
    def output(self) -> Layer:
        """The network's own output; looked for once, however many classes are asked for."""
        return find_output(self.model.network, self.size, self.model.in_channels)[0]

    def find(self, address: str) -> Layer:
        """The layer at an address; ``output``, or ``output:PATH`` for a part of it, is the network's own output.

        Raises:
            UserError: if nothing fires there, with near names.
        """
        name, colon, path = address.partition(":")
        if name != OUTPUT:
            return find_layer(self.layers, address)
        if not colon:
            return self.output
        layer, left = find_output(self.model.network, self.size, self.model.in_channels, path.split(":"))
        if left:
            raise UserError(f"no layer {address!r}: {':'.join(left)!r} is no part of the network's output")
        return layer
