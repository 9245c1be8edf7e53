"""The methods by name: the numbers that each takes, whether a network allows it, and how it is then asked."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from mindseye.arguments import as_list
from mindseye.attribution.backpropagation import Method, backpropagation
from mindseye.attribution.cam import cam, grad_cam, last_map, pooled_head
from mindseye.attribution.explanation import Explanation, load_captum
from mindseye.attribution.fills import fill_images
from mindseye.attribution.gradients import integrated_gradients, saliency
from mindseye.attribution.occlusion import check_boxes, occlusion
from mindseye.attribution.perturbation import Game, MaskSettings, perturbation
from mindseye.attribution.relevance import check_rules, lrp
from mindseye.attribution.rules import RuleName, Rules
from mindseye.attribution.score import Score
from mindseye.errors import UserError
from mindseye.layers.layer import Layer, find_layer
from mindseye.optimize.random import RandomKeys
from mindseye.wording import did_you_mean

ALL = "all"
BOXES = 7
"""Boxes of occlusion along a side, side by side; the default stride is half a box."""


@dataclass(frozen=True)
class Settings:
    """The numbers of all methods; None stands for a method's own.

    box, stride: of occlusion, (height, width) in px; by default a seventh of the image, and half a box. fill: what hides a
    part in occlusion (``mean``) and perturbation (``blur``), see ``fill_images``. baseline: the image without content of
    integrated gradients. steps: of perturbation (300) and integrated gradients (64). game: of perturbation. rule,
    epsilon, gamma: of LRP. layer: an address for Grad-CAM (see ``last_map``). batch: most images in one forward pass.
    """

    box: tuple[int, int] | None = None
    stride: tuple[int, int] | None = None
    fill: str | None = None
    baseline: str | None = None
    steps: int | None = None
    game: Game | None = None
    rule: RuleName | None = None
    epsilon: float | None = None
    gamma: float | None = None
    layer: str | None = None
    batch: int = 32


@dataclass(frozen=True)
class MethodContext:
    """A network and what it is asked: a score of one image, every layer that fires at ``size`` px, the numbers."""

    score: Score
    layers: Sequence[Layer]
    size: int
    settings: Settings

    def noise(self) -> Tensor:
        """An image to try things on, [1, channels, size, size] in [0, 1], on the network's device."""
        parameter = next(self.score.model.network.parameters(), None)
        drawn = RandomKeys(0, ("trial",)).uniform(0, "trial", self.score.model.in_channels, self.size, self.size)
        return drawn if parameter is None else drawn.to(parameter.device)


Explainer = Callable[[Score, Tensor, RandomKeys], Explanation]
"""A method with its numbers: what is explained, images [images, channels, height, width] in [0, 1], their random numbers."""


@dataclass(frozen=True)
class MethodEntry:
    """A method by name. prepare: gives it with its numbers, or refuses. takes: those of ``Settings`` that it looks at."""

    prepare: Callable[[MethodContext], Explainer]
    takes: frozenset[str] = frozenset()


def method_names(words: str | Sequence[str]) -> list[str]:
    """The methods that are meant by names, with commas between or one by one, or by ``all``.

    Raises:
        UserError: for an unknown name, with those that there are.
    """
    names = _split(words)
    if not names:
        raise UserError(f"name at least one method: {', '.join(METHODS)}, or {ALL}")
    for name in names:
        if name not in METHODS and name != ALL:
            meant = did_you_mean(difflib.get_close_matches(name, METHODS, n=1))
            raise UserError(
                f"no method {name!r}; {meant + ' ' if meant else ''}there are {', '.join(METHODS)}, and {ALL}"
            )
    return list(METHODS) if ALL in names else list(dict.fromkeys(names))


def takes_all(words: str | Sequence[str]) -> bool:
    """Whether methods that a network does not allow are to be left out, as ``all`` means those that it allows."""
    return ALL in _split(words)


def prepare(names: Sequence[str], scene: MethodContext) -> tuple[dict[str, Explainer], dict[str, str]]:
    """The methods that the network allows, and why it does not allow the others; nothing is explained yet."""
    allowed: dict[str, Explainer] = {}
    refused: dict[str, str] = {}
    for name in names:
        try:
            allowed[name] = METHODS[name].prepare(scene)
        except UserError as reason:
            refused[name] = str(reason)
    return allowed, refused


def check_settings(settings: Settings, size: int, image: Tensor) -> None:
    """Refuse numbers that no network could take.

    size: side of the images in px. image: any, for the fills.

    Raises:
        UserError: naming the first one.
    """
    box, stride = _windows(settings, size)
    check_boxes((size, size), box, stride)
    for fill in (settings.fill, settings.baseline):
        if fill is not None:
            fill_images(image, fill, RandomKeys(0, ("trial",) * len(image)))
    _mask_settings(settings).check()
    Rules.named(*_rule(settings))
    if settings.batch < 1:
        raise UserError(f"at least 1 image goes in a forward pass, not {settings.batch}")


def unused_settings(settings: Settings, names: Sequence[str]) -> list[str]:
    """The settings that were given, but that none of the methods looks at."""
    used = {"batch"}.union(*(METHODS[name].takes for name in names))
    return [name for name, value in vars(settings).items() if value is not None and name not in used]


def pixel_ranks(explained: Explanation) -> Tensor:
    """How early each pixel counts, higher first, [images, height, width].

    The map itself, but for plain gradients its absolute value: their sign says which way a pixel should change, not
    whether it speaks for the score.
    """
    return explained.map.abs() if explained.method in GRADIENTS else explained.map


def _split(words: str | Sequence[str]) -> list[str]:
    parts = as_list("method", words, str)
    return [name.strip() for part in parts for name in str(part).split(",") if name.strip()]


def _occlusion(scene: MethodContext) -> Explainer:
    load_captum("Occlusion")
    fill, batch = scene.settings.fill or "mean", scene.settings.batch
    box, stride = _windows(scene.settings, scene.size)
    return lambda score, images, random: occlusion(score, images, random, box, stride, fill, batch)


def _perturbation(scene: MethodContext) -> Explainer:
    masking = _mask_settings(scene.settings)
    return lambda score, images, random: perturbation(score, images, random, masking)


def _saliency(scene: MethodContext) -> Explainer:
    load_captum("Saliency")
    return lambda score, images, random: saliency(score, images)


def _integrated_gradients(scene: MethodContext) -> Explainer:
    load_captum("IntegratedGradients")
    baseline, steps, batch = scene.settings.baseline or "0", scene.settings.steps or 64, scene.settings.batch
    return lambda score, images, random: integrated_gradients(score, images, random, baseline, steps, batch)


def _backpropagation(method: Method) -> Callable[[MethodContext], Explainer]:
    def prepare_method(scene: MethodContext) -> Explainer:
        if method != "backprop":
            backpropagation(scene.score, scene.noise(), method)
        return lambda score, images, random: backpropagation(score, images, method)

    return prepare_method


def _lrp(scene: MethodContext) -> Explainer:
    rule, epsilon, gamma = _rule(scene.settings)
    check_rules(scene.score, scene.size)
    return lambda score, images, random: lrp(score, images, rule, epsilon, gamma)


def _cam(scene: MethodContext) -> Explainer:
    head = pooled_head(scene.score, scene.noise(), scene.layers)
    return lambda score, images, random: cam(score, images, head)


def _grad_cam(scene: MethodContext) -> Explainer:
    address = scene.settings.layer
    layer = find_layer(scene.layers, address) if address else last_map(scene.score, scene.noise(), scene.layers)
    grad_cam(scene.score, scene.noise(), layer)
    return lambda score, images, random: grad_cam(score, images, layer)


def _windows(settings: Settings, size: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Box and stride of occlusion, (height, width) in px."""
    side = max(1, round(size / BOXES))
    box = settings.box or (side, side)
    return box, settings.stride or (max(1, box[0] // 2), max(1, box[1] // 2))


def _mask_settings(settings: Settings) -> MaskSettings:
    given = {"game": settings.game, "steps": settings.steps, "fill": settings.fill}
    return MaskSettings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def _rule(settings: Settings) -> tuple[RuleName, float, float]:
    epsilon, gamma = (
        default if value is None else value for value, default in ((settings.epsilon, 1e-3), (settings.gamma, 0.25))
    )
    return settings.rule or "composite", epsilon, gamma


METHODS: Mapping[str, MethodEntry] = {
    "occlusion": MethodEntry(_occlusion, frozenset({"box", "stride", "fill"})),
    "perturbation": MethodEntry(_perturbation, frozenset({"fill", "steps", "game"})),
    "saliency": MethodEntry(_saliency),
    "integrated-gradients": MethodEntry(_integrated_gradients, frozenset({"baseline", "steps"})),
    "backprop": MethodEntry(_backpropagation("backprop")),
    "deconvnet": MethodEntry(_backpropagation("deconvnet")),
    "guided-backprop": MethodEntry(_backpropagation("guided-backprop")),
    "lrp": MethodEntry(_lrp, frozenset({"rule", "epsilon", "gamma"})),
    "cam": MethodEntry(_cam),
    "grad-cam": MethodEntry(_grad_cam, frozenset({"layer"})),
}
GRADIENTS = {"backprop", "deconvnet", "guided-backprop"}
