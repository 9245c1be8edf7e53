"""The methods that are made of mindseye's own parts, each painting the same facets for the same number of seconds."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mindseye.layers.layer import Layer
from mindseye.optimize.loop import Painting
from mindseye.optimize.objectives.direction import Direction
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.objectives.unit import Channel
from mindseye.optimize.order import ObjectiveOrder, Order, PictureRequest
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.recipe.recipe import Recipe
from sidebyside.setting import Setting

SNAPSHOTS = 10
TIMED_STEPS = 10


@dataclass(frozen=True)
class Method:
    """A recipe, with the loss that it names or with an objective for each facet to be raised instead.

    told: whether it is told the members' label. shows_photos: whether a photo is plainly seen in its pictures.
    """

    name: str
    recipe: str
    objectives: Callable[[Setting], tuple[list[Objective], Layer]] | None = None
    told: bool = False
    shows_photos: bool = False


@dataclass(frozen=True)
class Painted:
    """Pictures [facets, channels, side, side] in [0, 1]. series: them after so many seconds of painting."""

    images: Tensor
    start: Tensor | None
    steps: int
    seconds: float
    series: list[tuple[float, Tensor]]


def logit(setting: Setting) -> tuple[list[Objective], Layer]:
    """The class that the painted network sees in most members, before the softmax."""
    return [Channel(setting.logits.address, label) for label in setting.labels], setting.logits


def direction(setting: Setting) -> tuple[list[Objective], Layer]:
    """The direction of the facet's mean target at the painted layer, dot times cosine squared."""
    return [Direction(setting.layer.address, mean) for mean in setting.target.mean], setting.layer


METHODS = (
    Method("distribution", "distribution"),
    Method("paper", "paper", shows_photos=True),
    Method("reference", "reference", shows_photos=True),
    Method("lucid logit", "lucid", logit, told=True),
    Method("lucid direction", "lucid", direction),
    Method("maco logit", "maco", logit, told=True),
    Method("maco direction", "maco", direction),
)


def paint(method: Method, setting: Setting, steps: int) -> Painted:
    """Paint all facets in that many steps, timing them; 0: as many as the recipe says."""
    recipe = load_recipe(method.recipe)
    recipe = replace(recipe, steps=steps or recipe.steps)
    order = _order(method, setting, recipe)
    marks = {max(1, round(part * recipe.steps / SNAPSHOTS)) for part in range(1, SNAPSHOTS + 1)}
    series: list[tuple[float, Tensor]] = []
    seconds = 0.0
    with order.reader() as read:
        painting = order.painting(read, range(len(order)))
        start = painting.images()
        begun = clock(painting.device)
        while not painting.is_done:
            painting.advance()
            if painting.step in marks:
                wait(painting.device)
                seconds += clock(painting.device) - begun
                series.append((seconds, painting.images().nan_to_num(0.5)))
                begun = clock(painting.device)
    return Painted(series[-1][1], start, painting.step, seconds, series)


def seconds_per_step(method: Method, setting: Setting) -> float:
    """What a step costs: the faster of two blocks of ten steps (some recipes smooth every tenth), after a first."""
    order = _order(method, setting, load_recipe(method.recipe))
    with order.reader() as read:
        painting = order.painting(read, range(len(order)))
        painting.advance()
        return min(_block(painting), _block(painting)) / TIMED_STEPS


def clock(device: torch.device) -> float:
    """Seconds: on a CPU the processor's, of which other programs on the machine take nothing away."""
    return time.process_time() if device.type == "cpu" else time.perf_counter()


def wait(device: torch.device) -> None:
    """Until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _block(painting: Painting) -> float:
    wait(painting.device)
    begun = clock(painting.device)
    for _ in range(TIMED_STEPS):
        painting.advance()
    wait(painting.device)
    return clock(painting.device) - begun


def _order(method: Method, setting: Setting, recipe: Recipe) -> Order:
    order = setting.plan(recipe).order
    if method.objectives is None:
        return order
    objectives, layer = method.objectives(setting)
    return ObjectiveOrder(
        session=order.session,
        keys=[f"{method.name}/{index}" for index in range(len(objectives))],
        palette=order.palette,
        requests=[PictureRequest(objective.name, objective) for objective in objectives],
        read_layers=[layer],
    )
