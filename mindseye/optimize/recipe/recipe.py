"""Recipes: every number of a painting, as data that is checked when it is made."""

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, InstanceOf, ValidationError, field_validator, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs, PydanticCustomError

from mindseye.errors import UserError
from mindseye.optimize.recipe.kinds import (
    LIMIT,
    Count,
    Factor,
    Factors,
    Name,
    Number,
    Own,
    Positive,
    Range,
    Scheduled,
    Shape,
    Shares,
    Sides,
    Switch,
    Whole,
    Word,
    explain,
)
from mindseye.optimize.recipe.schedule import Schedule
from mindseye.user_code import is_from_file, name_object

OWN = ("transforms", "regularizers")
"""Keys for parts of the user's own."""
UNSHOWN = (*OWN, "match_blocks", "octave_decay", "match_joint", "neighbours", "match_energy", "branch_gradient")
"""Keys that a recipe does not show while they change nothing, so that older runs and pictures stay what they are."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Recipe:
    """All numbers of a run. A pair [start, end] runs linearly from the first step to the last.

    The mask's sigma is a share of the canvas side, those of blurs are in px, brightness and noise are in [0, 1]; 0 switches
    a part off. A recipe never changes; ``dataclasses.replace`` makes another one.

    Raises:
        UserError: for an unknown key, or a value that is of another kind or beyond its limits. Whether the values go
            together is for ``recipe.checks`` to say.
    """

    name: Name
    about: Word = ""

    steps: Count = 150
    snapshots: Count = 8
    """How many pictures are kept on the way, the last of them at the end."""
    size: Whole = 0
    """Side of the canvas in px; 0: the size that the network sees."""

    members: Count = 10
    weighting: Literal["median", "paper", "uniform"] = "median"
    gamma: Positive = 1e-5
    target_views: Whole = 0
    """How many random views of each member the target is averaged over; 0: the photo as it is."""
    top_k: Count = 50

    canvas: Annotated[str | type | InstanceOf[partial[Any]], Field(description="a word or a class")] = "fourier"
    """A name of ``canvases.compose.CANVASES``, or a subclass of ``Canvas`` of the user's own: FILE.py:NAME, or the class;
    with settings, FILE.py:NAME(key=value) or a ``functools.partial``."""
    start: Literal["noise", "weighted", "grey", "photo"] = "noise"
    spectrum: Number = 1.25
    """Exponent a of the 1/f^a scale of a Fourier canvas, and of the levels of a Laplacian pyramid."""
    contrast: Number = 0.01
    """Standard deviation of the noise that a canvas starts from, before its colours."""
    colours: Literal["images", "imagenet", "none"] = "images"
    levels: Count = 5
    """Levels of a Laplacian pyramid, each half as wide as the one before."""
    cppn_width: Count = 24
    """Numbers that each hidden layer of a CPPN passes on, before its two activation functions."""
    cppn_depth: Count = 8
    """Hidden layers of a CPPN."""
    prior: Word = ""
    """The decoder of a canvas ``prior``: file.py:factory, package.module:factory, or a TorchScript archive (.pt, .ts)."""
    latent: Shape = ()
    """Shape of one picture's latent, where the decoder has no ``latent_shape``."""
    alpha: Switch = False
    """Whether the canvas has one plane more, which says how opaque each pixel is."""
    shared: Annotated[Number, Field(le=0.99)] = 0.0
    """The share of each picture that is common to all pictures of its batch, in low frequencies."""

    objective: Scheduled = 1.0
    """Weight of the objective that a command names."""
    match: Scheduled = 0.0
    match_stages: Switch = True
    match_blocks: Switch = False
    """Whether every block below the target layer is matched instead of the last one of each stage."""
    match_rgb: Number = 1.0
    """Weight of the RGB values among the matched layers, each of which weighs 1."""
    match_colour: Number = 0.0
    """Weight of the differences between channels among the matched layers."""
    match_detail: Number = 0.0
    """Weight of the image's detail, at each of four scales, among the matched layers."""
    match_energy: Scheduled = 0.0
    """Weight of how much of this detail lies where, at the three finest of these scales, among the matched layers."""
    match_joint: Number = 0.0
    """Weight of what the channels of each layer below the target do together, in directions and in means over neighbours."""
    neighbours: Sides = (2,)
    """Sides of the squares of positions whose means these are."""
    positions: Whole = 0
    """Most positions that are sorted per channel at a step, of the image itself four times as many; 0: all of them."""
    dot: Scheduled = 0.0
    adaptive: Scheduled = 0.0
    adaptive_learned: Switch = True
    penalty: Scheduled = 0.0
    total_variation: Scheduled = 0.0
    tv_power: Factor = 1.0
    """1: absolute differences; any other power of the length of a pixel's two differences."""
    l1: Scheduled = 0.0
    lp: Scheduled = 0.0
    lp_power: Factor = 6.0
    alpha_area: Scheduled = 0.0
    """Weight of the mean opacity of a canvas with alpha."""

    optimizer: Literal["adam", "sgd"] = "adam"
    lr: Scheduled = 0.03
    coarse: Number = 0.0
    """Share of the steps during which fine detail is held back: the finest frequency that moves freely rises."""
    momentum: Number = 0.9
    nesterov: Switch = True
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """What the network computes in while it is painted from; the canvas and the loss stay in float32."""
    compile: Switch = False
    """Whether passes through the network are compiled where that is faster, which is tried at the first step."""

    views: Count = 1
    """Random views per step, over which the gradient is averaged."""
    octaves: Count = 1
    """Sizes at which the canvas is seen one after the other, small ones first."""
    octave_scale: Factor = 1.4
    """How many times larger each octave is than the one before."""
    octave_decay: Factor = 1.0
    """How many times fewer steps each octave has than the one before; 1: all have as many."""
    crop: Shares = (1.0, 1.0)
    scale: Factors = (1.0, 1.0)
    """Smallest and largest factor on the side of what a view shows; above 1 it shows more than the canvas."""
    pad: Number = 0.0
    """Share of the side added on each side of the canvas before anything else."""
    padding: Literal["reflection", "grey"] = "reflection"
    """What lies outside the canvas."""
    flip: Number = 0.0
    rotate: Number = 0.0
    shift: Number = 0.0
    perspective: Annotated[Number, Field(le=0.6)] = 0.0
    """Largest distortion: how far the corners may move inwards, as a share of half the side. Beyond 2/3 they may fold the
    square over itself."""
    view_blur: Range = (0.0, 0.0)
    greyscale: Annotated[Number, Field(le=1)] = 0.0
    """Probability that a view is grey."""
    noise: Number = 0.0
    colour_jitter: Number = 0.0

    branch_gradient: Annotated[Number, Field(le=1)] = 1.0
    """The share of the network's gradient that comes back through the branches of its residual blocks; through their skip
    connections all of it does."""
    gradient_blur: Scheduled = 0.0
    normalise_gradient: Switch = False
    """Whether each picture's gradient is divided by its standard deviation."""
    mask: Scheduled = 0.0
    blur: Scheduled = 0.0
    blur_every: Count = 10
    bilateral: Scheduled = 0.0
    """Sigma in px of a blur that keeps edges."""
    bilateral_range: Positive = 0.1
    """Sigma of the difference in brightness beyond which a neighbour counts as another surface."""
    bilateral_every: Count = 10
    denoise: Scheduled = 0.0
    denoise_every: Count = 10
    brightness: Number = 0.0
    brightness_every: Count = 50

    transforms: Own = ()
    """Transforms of the user's own, behind the views above: FILE.py:NAME, classes, objects or functions."""
    regularizers: Own = ()
    """Regularizers of the user's own, before the mask: FILE.py:NAME, classes or objects."""

    @field_validator("mask", "denoise")
    @classmethod
    def _check_ends(cls, value: float | tuple[float, float]) -> float | tuple[float, float]:
        if isinstance(value, tuple) and min(value) == 0 < max(value):
            raise PydanticCustomError(LIMIT, "is 0 throughout or at neither end")
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _explain(cls, given: ArgsKwargs, make: Callable[[Any], "Recipe"]) -> "Recipe":
        try:
            return make(given)
        except ValidationError as error:
            raise UserError(explain(error, cls.__pydantic_fields__, given.kwargs or {})) from None  # type: ignore[attr-defined]

    def schedule(self, key: str) -> Schedule:
        """The schedule of a number, constant where the recipe gives a single value."""
        value = getattr(self, key)
        return Schedule(*value) if isinstance(value, tuple) else Schedule(value, value)

    def __getstate__(self) -> dict[str, Any]:
        # Another process cannot import the module of a file that was loaded by its path, but it can load the file.
        return {key: _portable(value) for key, value in self.values().items()}

    def values(self) -> dict[str, Any]:
        """The recipe's values by key, as they are."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain values for a manifest; parts of the user's own by their names."""
        unchanged = {field.name: field.default for field in fields(self) if field.name in UNSHOWN}
        values = {key: value for key, value in self.values().items() if key not in unchanged or value != unchanged[key]}
        return {key: _plain(value) for key, value in values.items()}


def _portable(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_portable(part) for part in value)
    return name_object(value) if is_from_file(value) else value


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool) else name_object(value)
