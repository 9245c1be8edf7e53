"""A network, opened once: the one value that goes from a command to the line that moves a pixel.

It holds what is said once (model, device, seed) and, while it is used with a recipe, what follows from both: the side of
what the network sees, the layers that fire there, the decoder of a canvas that is one, the compiled passes.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from torch import nn

from mindseye.arguments import as_path, check_count, check_seed, check_words
from mindseye.errors import UserError
from mindseye.layers.compiler import Compiler, painting_reader
from mindseye.layers.fold import Folded
from mindseye.layers.layer import Layer, Survey, find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.models.freeze import allow_gradients, freeze
from mindseye.models.load import Model, digest, load_model
from mindseye.models.placement import put_channels_last, torch_device
from mindseye.models.probe import accepts, example_input
from mindseye.optimize.canvases.compose import find_canvas, prior_of
from mindseye.optimize.canvases.prior import Prior
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.transforms.octaves import Octaves
from mindseye.store.store import Store, open_store
from mindseye.user_code import whole_path

PRECISIONS = (None, "auto", "float32", "bfloat16")
PLAIN = Recipe("plain")
"""For what reads a network and paints nothing."""


class NetworkSession:
    """A network on its device, and the recipe that it is used with.

    Attributes:
        spec: the network as it was given, a name or a module. weights, checkpoint: as they were given; the whole path.
        model: the network with its preprocessing and labels. device: where it is. seed: of everything random.
        size: side of the pictures in px, None for the recipe's or the network's own. precision: likewise.
        recipe: with the size of the canvas filled in. view: side of what the network sees, in px. is_fixed: whether it sees
        that side only, in all octaves of a recipe.
        cache: whether photos' activations are kept in the user's cache. prior: the decoder of a recipe whose canvas is one.
        compiler: of a recipe that compiles, while it is used.
        notes: what is worth knowing about how it was opened, a line each.
    """

    def __init__(
        self,
        spec: str | nn.Module,
        weights: str | None = None,
        checkpoint: str | Path | None = None,
        device: str = "auto",
        size: int | None = None,
        precision: str | None = None,
        seed: int = 0,
    ) -> None:
        """Load a network and put it on its device.

        Raises:
            UserError: for an unknown model, weights that cannot be had or do not fit, or a device that is not there.
        """
        check_words("weights", weights)
        check_count("size", size, least=1, optional=True)
        if precision not in PRECISIONS:
            raise UserError(f"precision is auto, float32 or bfloat16, not {precision!r}")
        self.spec, self.weights, self.size, self.precision = spec, weights, size, precision
        self.seed = check_seed(seed)
        file = as_path("checkpoint", checkpoint)
        self.checkpoint = None if file is None else str(file.absolute())
        self.device = torch_device(device, spec)
        self.model: Model = load_model(spec, weights=weights, checkpoint=self.checkpoint, size=size)
        self.model.network.to(self.device)
        if isinstance(spec, str):
            # Convolutions are faster with channels last, on CPU and GPU; a module that was given stays as it is.
            put_channels_last(self.model.network)
        self.cache = True
        self.recipe, self.view = PLAIN, self.model.preprocessing.size
        self.is_fixed = self.model.preprocessing.fixed_size
        self.prior: Prior | None = None
        self.compiler: Compiler | None = None
        self._folded = self._fold()
        self._surveys: dict[int, Survey] = {}
        self._accepted: dict[int, bool] = {}

    @property
    def notes(self) -> list[str]:
        """What is worth knowing about how the network was opened."""
        notes = list(self.model.findings.remarks())
        if self.model.weights == "none":
            notes.insert(0, f"{self.model.name} has random weights: its pictures show what no training has taught")
        return notes

    @property
    def network(self) -> Survey:
        """Every layer that fires for images of the view's side, in the order of the forward pass."""
        if self.view not in self._surveys:
            with freeze(self.model.network):
                self._surveys[self.view] = survey(self.model.network, self.view, self.model.in_channels)
        return self._surveys[self.view]

    def layer(self, address: str) -> Layer:
        """The layer of an address.

        Raises:
            UserError: if there is none, with near names.
        """
        return find_layer(self.network, address)

    @property
    def weights_digest(self) -> str:
        """A fingerprint of the network's weights."""
        return digest(self.model.network)

    @property
    def model_spec(self) -> str | None:
        """What loads the network again, from any folder: its name, with the whole path of a file; None for a module."""
        return whole_path(self.spec) if isinstance(self.spec, str) else None

    def reader(self, layers: Sequence[Layer]) -> Reader:
        """Reads layers of the network as it is."""
        return Reader(self.model.network, layers)

    def target_reader(self, layers: Sequence[Layer]) -> Reader:
        """Reads of photos the layers that pictures are painted towards, folded as ``painting_reader`` folds."""
        return Reader(self._folded.at(layers), layers)

    def painting_reader(self, layers: Sequence[Layer]) -> Reader:
        """Reads the layers that pictures are painted towards, as fast as this device can.

        Raises:
            UserError: if gradients of one of the layers do not reach the image.
        """
        return painting_reader(self._folded, layers, self.compiler, self.recipe.branch_gradient)

    def store(self, say: Callable[[str], None]) -> Store | None:
        """The user's cache of activations, None where it is not to be used or cannot be. say: is told why it cannot."""
        return open_store(say) if self.cache else None

    @property
    def view_sides(self) -> list[int]:
        """The sides in px of the views of the recipe's octaves, smallest first; that of the last is ``view``."""
        return [self.view] if self.is_fixed else Octaves.of(self.recipe).sides(self.view)

    def sized(self, size: int | None) -> Self:
        """The same for pictures of another size; itself where it is None."""
        if size is None:
            return self
        other = copy.copy(self)
        other.size = size
        return other

    @contextmanager
    def using(self, recipe: Recipe = PLAIN) -> Iterator[Self]:
        """The session with a recipe. The network is frozen and in evaluation mode until the end, then as it was.

        Raises:
            UserError: if the network cannot be looked at in the recipe's size, or its decoder cannot be loaded.
        """
        used = copy.copy(self)
        preprocessing = self.model.preprocessing
        side = self.size or recipe.size or preprocessing.size
        with freeze(self.model.network), allow_gradients(), ExitStack() as held:
            precision: Any = self.precision or recipe.precision
            canvas_side = find_canvas(recipe.canvas).fixed_side or side
            used.recipe = replace(recipe, size=canvas_side, precision=precision)
            used.view = preprocessing.size if preprocessing.fixed_size else side
            used.prior = prior_of(recipe, self.model.in_channels)
            used.is_fixed = preprocessing.fixed_size or not all(
                map(used._accepts, Octaves.of(recipe).sides(used.view)[:-1])
            )
            used.compiler = held.enter_context(Compiler()) if recipe.compile else None
            _ = used.network  # what is wrong with its layers shows here
            used._folded = used._fold()  # which is right for as long as the weights are frozen
            yield used

    def _accepts(self, side: int) -> bool:
        """Whether the network takes images of a side, tried once for all uses of the session."""
        if side not in self._accepted:
            self._accepted[side] = accepts(self.model.network, self.model.in_channels, side)
        return self._accepted[side]

    def duplicate(self) -> Self:
        """The same with a copy of the network, for another thread: two must not read one network through hooks."""
        used = copy.copy(self)
        used.model = replace(self.model, network=copy.deepcopy(self.model.network))
        used._folded = used._fold()
        return used

    def _fold(self) -> Folded:
        network = self.model.network
        return Folded(network, example_input(self.model.in_channels, self.view, self.view, 1, network))
