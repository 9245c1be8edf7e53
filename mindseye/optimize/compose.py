"""From a recipe and targets to a canvas and a loss."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from mindseye.facets.target import RGB, Target
from mindseye.inputs.layers import Reader
from mindseye.inputs.preprocessing import Preprocessing
from mindseye.optimize.adaptive import AdaptiveLoss, rho
from mindseye.optimize.canvas import Canvas, Fourier, Phase, Pixels, mean_magnitude
from mindseye.optimize.colour import Colours, builtin_colours, measured_colours, plain_colours
from mindseye.optimize.objectives import ActivationNorm, Distance, DotProduct, Match, TotalVariation, relative_distance
from mindseye.optimize.painting import Painting, Term
from mindseye.optimize.randomness import START, Dice
from mindseye.optimize.recipe import Recipe
from mindseye.optimize.schedules import Schedule
from mindseye.optimize.transforms import Views

GREY = 0.5
PALETTE_PHOTOS = 100


@dataclass(frozen=True)
class Palette:
    """What the photos lend to a canvas: their colours, and for MACO the magnitude of their spectrum."""

    colours: Colours
    magnitude: Tensor | None = None


@dataclass(frozen=True)
class Composition:
    """Everything about one layer's pictures but the pictures themselves.

    targets: of all facets, by address, on the CPU. target: the address whose top-k counts. matched, penalty: as
    ``compose_terms`` wants them. weighted: the weighted members of all facets. side, view: of canvas and views, in px.
    """

    recipe: Recipe
    preprocessing: Preprocessing
    targets: Mapping[str, Target]
    target: str
    matched: Sequence[str]
    penalty: str | None
    weighted: Tensor
    palette: Palette
    side: int
    view: int
    seed: int
    device: torch.device

    def paint(self, read: Reader, pictures: Sequence[int]) -> Painting:
        """The painting of some facets at its very start; ``read`` gives the layers of the targets and the penalty."""
        dice = Dice(self.seed, tuple(f"{self.target}/{index}" for index in pictures))
        weighted = self.weighted[list(pictures)]
        canvas = compose_canvas(self.recipe, self.side, weighted.shape[1], weighted, self.palette, dice, self.device)
        chosen = {address: target.select(pictures).to(self.device) for address, target in self.targets.items()}
        views = Views.of(self.recipe, self.view)
        with torch.no_grad():
            start = read(self.preprocessing.normalise(views.plain(canvas.render())))[self.target]
        terms = compose_terms(self.recipe, chosen, self.target, self.matched, self.penalty, start)
        return Painting(canvas, terms, self.recipe, views, dice, read, self.preprocessing)


def palette_of(recipe: Recipe, photos: Tensor, channels: int) -> Palette:
    """The palette that a recipe wants of photos, uint8 [n, channels, side, side]; of many the first hundred."""
    images = photos[:PALETTE_PHOTOS].float() / 255
    if recipe.colours == "images":
        colours = measured_colours(images)
    else:
        colours = builtin_colours(channels) if recipe.colours == "imagenet" else plain_colours(channels)
    return Palette(colours, mean_magnitude(_at_size(images, recipe.size), colours) if recipe.canvas == "maco" else None)


def target_views(recipe: Recipe, size: int, seed: int) -> Callable[[int, Tensor], list[Tensor]] | None:
    """Random views of a facet's members, drawn as the picture's own but without noise; None where the recipe wants none.

    Maps a facet's number and its photos [members, channels, side, side] to ``target_views`` batches of views.
    """
    if not recipe.target_views:
        return None
    views = replace(Views.of(recipe, size), noise=0.0, colour_jitter=0.0)

    def look(facet: int, photos: Tensor) -> list[Tensor]:
        dice = Dice(seed, tuple(f"member/{facet}/{number}" for number in range(len(photos))))
        return [views(photos, number, dice) for number in range(recipe.target_views)]

    return look


def layers_to_match(recipe: Recipe, target: str, stages_below: Sequence[str]) -> list[str]:
    """The addresses whose sorted activations the recipe matches, early to late; ``rgb`` first where it is one."""
    if recipe.schedule("match").is_zero:
        return []
    below = list(stages_below) if recipe.match_stages else []
    return ([RGB] if recipe.match_rgb else []) + below + [target]


def compose_terms(
    recipe: Recipe,
    targets: Mapping[str, Target],
    target: str,
    matched: Sequence[str],
    penalty: str | None,
    start: Tensor,
) -> list[Term]:
    """The loss of a facet: ``match + adaptive + penalty + total variation - dot`` (whatever the recipe weighs).

    targets: by address, for the pictures of this batch. target: the address whose top-k counts. matched: addresses from
    ``layers_to_match``. penalty: the address of the L1 penalty. start: the target layer's activation of the unoptimised
    start [pictures, channels, positions], which sets the scale of the adaptive loss.
    """
    terms = [
        Term("dot", DotProduct(targets[target]), _scaled(recipe.schedule("dot"), -1.0)),
        Term("total variation", TotalVariation(), recipe.schedule("total_variation")),
    ]
    match = {address: recipe.schedule("match") for address in matched}
    if RGB in match:
        match[RGB] = _scaled(match[RGB], recipe.match_rgb)
    terms += [
        Term(f"match {address}", Match(targets[address], recipe.positions), weight) for address, weight in match.items()
    ]
    if penalty is not None:
        terms.append(Term("penalty", ActivationNorm(penalty), recipe.schedule("penalty")))
    if not recipe.schedule("adaptive").is_zero:
        terms.append(Term("adaptive", _adaptive(recipe, targets[target], start), recipe.schedule("adaptive")))
    return terms


def compose_canvas(
    recipe: Recipe,
    side: int,
    channels: int,
    weighted: Tensor | None,
    palette: Palette,
    dice: Dice,
    device: torch.device,
) -> Canvas:
    """The canvas that a recipe asks for, showing its start.

    weighted: the weighted members [pictures, channels, any, any], wanted where the recipe starts from them.
    """
    pictures = len(dice.keys)
    canvas: Canvas
    if recipe.canvas == "fourier":
        noise = recipe.contrast * dice.normal(START, "canvas", channels, side, side // 2 + 1, 2)
        canvas = Fourier(noise.to(device), side, recipe.spectrum, palette.colours.to(device))
    elif recipe.canvas == "maco":
        if palette.magnitude is None:
            raise ValueError("a MACO canvas wants the magnitude of the photos' spectrum")
        phase = torch.pi * (2 * dice.uniform(START, "canvas", channels, side, side // 2 + 1) - 1)
        canvas = Phase(phase.to(device), palette.magnitude.to(device), palette.colours.to(device))
    else:
        noise = GREY + 0.1 * dice.normal(START, "canvas", channels, side, side)
        canvas = Pixels(noise.clamp(0, 1).to(device))
    if recipe.start == "grey":
        canvas.replace(torch.full((pictures, channels, side, side), GREY, device=device))
    elif recipe.start == "weighted":
        if weighted is None:
            raise ValueError("a weighted start wants the weighted members")
        canvas.replace(_at_size(weighted.to(device), side))
    return canvas


def _adaptive(recipe: Recipe, target: Target, start: Tensor) -> Distance:
    if not recipe.adaptive_learned:
        return Distance(target, lambda distance: rho(distance, 1.0, 1.0), [])
    robust = AdaptiveLoss(relative_distance(start, target))
    return Distance(target, robust, robust.parameters())


def _at_size(images: Tensor, side: int) -> Tensor:
    if images.shape[-1] == side:
        return images
    resized = functional.interpolate(images, size=(side, side), mode="bicubic", antialias=True, align_corners=False)
    return resized.clamp(0, 1)


def _scaled(schedule: Schedule, factor: float) -> Schedule:
    return Schedule(factor * schedule.start, factor * schedule.end)
