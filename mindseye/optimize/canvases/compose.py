"""From a recipe to the canvas that it asks for, showing its start."""

from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from mindseye.errors import UserError
from mindseye.optimize.canvases.alpha import Alpha
from mindseye.optimize.canvases.canvas import Canvas, CanvasRequest, Decorrelated
from mindseye.optimize.canvases.colour import builtin_colours, measured_colours, plain_colours
from mindseye.optimize.canvases.cppn import CPPN
from mindseye.optimize.canvases.fourier import Fourier, Phase
from mindseye.optimize.canvases.laplacian import Laplacian
from mindseye.optimize.canvases.latent import Latent
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.canvases.pixels import Pixels
from mindseye.optimize.canvases.prior import Prior, load_prior
from mindseye.optimize.canvases.shared import Shared
from mindseye.optimize.canvases.spectrum import mean_magnitude, natural_magnitude
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.user_code import explain_errors, is_user_code, load_object, name_object

GREY = 0.5
PALETTE_PHOTOS = 100

Given: TypeAlias = "str | type | partial[Any]"
"""A canvas as a recipe has it."""

CANVASES: dict[str, type[Canvas]] = {
    "fourier": Fourier,
    "pixels": Pixels,
    "laplacian": Laplacian,
    "maco": Phase,
    "cppn": CPPN,
    "prior": Latent,
}
"""The canvases that come with the package, by the name that a recipe gives them."""


def find_canvas(name: Given) -> type[Canvas]:
    """The class of a canvas: a name of ``CANVASES``, FILE.py:NAME of the user's own, or the class itself, with settings or not.

    Raises:
        UserError: if there is none of that name, or it is no ``Canvas``.
    """
    if isinstance(name, str) and name in CANVASES:
        return CANVASES[name]
    if isinstance(name, str) and not is_user_code(name):
        raise UserError(
            f"recipe value canvas is one of {', '.join(CANVASES)}, or your own as FILE.py:NAME, not {name!r}"
        )
    canvas = _own_canvas(name)[0]
    if not (isinstance(canvas, type) and issubclass(canvas, Canvas)):
        spec = name if isinstance(name, str) else name_object(name)
        raise UserError(f"the canvas {spec!r} is no subclass of mindseye.Canvas")
    return canvas


def _own_canvas(name: Given) -> tuple[Any, dict[str, Any]]:
    """What should be a canvas of the user's own, and its settings."""
    canvas: Any = load_object(name, unmade=True) if isinstance(name, str) else name
    if not isinstance(canvas, partial):
        return canvas, {}
    if canvas.args:
        raise UserError(f"the canvas {name_object(canvas)!r} has settings without a name: give them by keyword")
    return canvas.func, canvas.keywords


def compose_canvas(request: CanvasRequest) -> Canvas:
    """The canvas that a recipe asks for, showing its start.

    Raises:
        UserError: if the recipe starts from images and there are none, or the user's own canvas fails, renders no images, or
            has no channels that could be shared.
    """
    recipe = request.recipe
    kind = find_canvas(recipe.canvas)
    canvas = kind.build(request) if recipe.canvas in CANVASES else _build_own(kind, request)
    if recipe.shared:
        if not isinstance(canvas, Decorrelated):
            raise UserError(f"a canvas {canvas_name(recipe)} cannot share a part: only a Decorrelated canvas can")
        canvas = Shared(canvas, recipe.shared, request.side, recipe.spectrum)
    if recipe.alpha:
        canvas = Alpha(canvas)
    start = _start(request)
    if start is not None:
        canvas.replace(start)
    return canvas


def canvas_name(recipe: Recipe) -> str:
    """How a recipe's canvas is called in messages."""
    return recipe.canvas if isinstance(recipe.canvas, str) else name_object(recipe.canvas)


def palette_of(recipe: Recipe, photos: Tensor | None, in_channels: int) -> Palette:
    """The palette that a recipe wants of photos, uint8 [n, in_channels, side, side]; of many the first hundred.

    Without photos colours are the built-in ones, and a canvas that wants a magnitude has one of 1/f.
    """
    images = None if photos is None else photos[:PALETTE_PHOTOS].float() / 255
    if recipe.colours == "none":
        colours = plain_colours(in_channels)
    else:
        measured = images if recipe.colours == "images" else None
        colours = builtin_colours(in_channels) if measured is None else measured_colours(measured)
    if not find_canvas(recipe.canvas).wants_magnitude:
        return Palette(colours)
    if images is None:
        return Palette(colours, natural_magnitude(recipe.size, in_channels))
    return Palette(colours, mean_magnitude(at_size(images, recipe.size), colours))


def prior_of(recipe: Recipe, in_channels: int) -> Prior | None:
    """The decoder of a recipe whose canvas wants one, for pictures of so many channels; None for any other canvas."""
    return load_prior(recipe.prior, recipe.latent, in_channels) if find_canvas(recipe.canvas).wants_prior else None


def at_size(images: Tensor, side: int) -> Tensor:
    """Images [B, C, any, any] in [0, 1] as squares of a side, bicubic with antialiasing; as they are where they fit."""
    if images.shape[-1] == side:
        return images
    resized = functional.interpolate(images, size=(side, side), mode="bicubic", antialias=True, align_corners=False)
    return resized.clamp(0, 1)


def _start(request: CanvasRequest) -> Tensor | None:
    recipe, shape = request.recipe, (request.pictures, request.in_channels, request.side, request.side)
    if recipe.start == "noise":
        return None
    if recipe.start == "grey":
        return torch.full(shape, GREY, device=request.device)
    if request.images is None:
        what = "a photo" if recipe.start == "photo" else "the weighted members of facets"
        raise UserError(f"recipe {recipe.name} starts from {what}, and there is none; start from noise or grey")
    return at_size(request.images.to(request.device), request.side).expand(shape)


def _build_own(kind: type[Canvas], request: CanvasRequest) -> Canvas:
    """A canvas of the user's own, refused if it has no parameters to move, or renders anything but images in [0, 1]."""
    name, side = canvas_name(request.recipe), request.side
    shape = (request.pictures, request.planes, side, side)
    with explain_errors(name, torch.cuda.OutOfMemoryError):
        settings = _own_canvas(request.recipe.canvas)[1]
        canvas = kind(request, **settings) if settings else kind.build(request)  # type: ignore[call-arg]
        parameters, images = canvas.parameters, canvas.render()
    if not parameters or not all(
        isinstance(leaf, Tensor) and leaf.is_leaf and leaf.requires_grad for leaf in parameters
    ):
        raise UserError(f"the parameters of canvas {name!r} are a list of leaf tensors with requires_grad_()")
    for leaf in parameters:
        if leaf.shape[:1] not in ((1,), (request.pictures,)):
            raise UserError(
                f"a parameter of canvas {name!r} has shape {list(leaf.shape)}: its first axis is the picture ("
                f"{request.pictures} of them), or 1 for what all share"
            )
    if not isinstance(images, Tensor) or images.shape != shape:
        told = list(images.shape) if isinstance(images, Tensor) else f"a {type(images).__name__}"
        raise UserError(f"canvas {name!r} renders {told}, not {list(shape)} ([pictures, planes, side, side])")
    if not images.requires_grad:
        raise UserError(f"what canvas {name!r} renders does not depend on its parameters")
    low, high = float(images.detach().min()), float(images.detach().max())
    if not (low >= 0 and high <= 1):
        raise UserError(f"canvas {name!r} renders values from {low:.3g} to {high:.3g}, not within [0, 1]")
    return canvas
