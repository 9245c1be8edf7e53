"""Recipes: every number of a painting, as data."""

from dataclasses import asdict, dataclass
from typing import Any

from mindseye.optimize.recipe.schedule import Schedule

Scheduled = float | tuple[float, float]


@dataclass(frozen=True)
class Recipe:
    """All numbers of a run. A pair [start, end] runs linearly from the first step to the last.

    The mask's sigma is a share of the canvas side, those of blurs are in px, brightness and noise are in [0, 1]; 0 switches
    a part off.
    """

    name: str
    about: str = ""

    steps: int = 150
    snapshots: int = 8
    """How many pictures are kept on the way, the last of them at the end."""
    size: int = 0
    """Side of the canvas in px; 0: the size that the network sees."""

    members: int = 10
    weighting: str = "median"
    gamma: float = 1e-5
    target_views: int = 0
    """How many random views of each member the target is averaged over; 0: the photo as it is."""
    top_k: int = 50

    canvas: str = "fourier"
    start: str = "noise"
    spectrum: float = 1.25
    """Exponent a of the 1/f^a scale of a Fourier canvas, and of the levels of a Laplacian pyramid."""
    contrast: float = 0.01
    """Standard deviation of the noise that a canvas starts from, before its colours."""
    colours: str = "images"
    levels: int = 5
    """Levels of a Laplacian pyramid, each half as wide as the one before."""
    cppn_width: int = 24
    """Numbers that each hidden layer of a CPPN passes on, before its two activation functions."""
    cppn_depth: int = 8
    """Hidden layers of a CPPN."""
    prior: str = ""
    """The decoder of a canvas ``prior``: file.py:factory, package.module:factory, or a TorchScript archive (.pt, .ts)."""
    latent: tuple[int, ...] = ()
    """Shape of one picture's latent, where the decoder has no ``latent_shape``."""
    alpha: bool = False
    """Whether the canvas has one plane more, which says how opaque each pixel is."""
    shared: float = 0.0
    """The share of each picture that is common to all pictures of its batch, in low frequencies."""

    objective: Scheduled = 1.0
    """Weight of the objective that a command names."""
    match: Scheduled = 0.0
    match_stages: bool = True
    match_blocks: bool = False
    """Whether every block below the target layer is matched instead of the last one of each stage."""
    match_rgb: float = 1.0
    """Weight of the RGB values among the matched layers, each of which weighs 1."""
    match_colour: float = 0.0
    """Weight of the differences between channels among the matched layers."""
    match_detail: float = 0.0
    """Weight of the image's detail, at each of four scales, among the matched layers."""
    positions: int = 0
    """Most positions that are sorted per channel at a step, of the image itself four times as many; 0: all of them."""
    dot: Scheduled = 0.0
    adaptive: Scheduled = 0.0
    adaptive_learned: bool = True
    penalty: Scheduled = 0.0
    total_variation: Scheduled = 0.0
    tv_power: float = 1.0
    """1: absolute differences; any other power of the length of a pixel's two differences."""
    l1: Scheduled = 0.0
    lp: Scheduled = 0.0
    lp_power: float = 6.0
    alpha_area: Scheduled = 0.0
    """Weight of the mean opacity of a canvas with alpha."""

    optimizer: str = "adam"
    lr: Scheduled = 0.03
    coarse: float = 0.0
    """Share of the steps during which fine detail is held back: the finest frequency that moves freely rises."""
    momentum: float = 0.9
    nesterov: bool = True
    precision: str = "auto"
    """What the network computes in while it is painted from; the canvas and the loss stay in float32."""
    compile: bool = False
    """Whether passes through the network are compiled where that is faster, which is tried at the first step."""

    views: int = 1
    """Random views per step, over which the gradient is averaged."""
    octaves: int = 1
    """Sizes at which the canvas is seen one after the other, small ones first."""
    octave_scale: float = 1.4
    """How many times larger each octave is than the one before."""
    crop: tuple[float, float] = (1.0, 1.0)
    scale: tuple[float, float] = (1.0, 1.0)
    """Smallest and largest factor on the side of what a view shows; above 1 it shows more than the canvas."""
    pad: float = 0.0
    """Share of the side added on each side of the canvas before anything else."""
    padding: str = "reflection"
    """What lies outside the canvas."""
    flip: float = 0.0
    rotate: float = 0.0
    shift: float = 0.0
    perspective: float = 0.0
    """Largest distortion: how far the corners may move inwards, as a share of half the side."""
    view_blur: tuple[float, float] = (0.0, 0.0)
    greyscale: float = 0.0
    """Probability that a view is grey."""
    noise: float = 0.0
    colour_jitter: float = 0.0

    gradient_blur: Scheduled = 0.0
    normalise_gradient: bool = False
    """Whether each picture's gradient is divided by its standard deviation."""
    mask: Scheduled = 0.0
    blur: Scheduled = 0.0
    blur_every: int = 10
    bilateral: Scheduled = 0.0
    """Sigma in px of a blur that keeps edges."""
    bilateral_range: float = 0.1
    """Sigma of the difference in brightness beyond which a neighbour counts as another surface."""
    bilateral_every: int = 10
    denoise: Scheduled = 0.0
    denoise_every: int = 10
    brightness: float = 0.0
    brightness_every: int = 50

    def schedule(self, key: str) -> Schedule:
        """The schedule of a number, constant where the recipe gives a single value."""
        value = getattr(self, key)
        return Schedule(*value) if isinstance(value, tuple) else Schedule(value, value)

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain values for a manifest."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
