"""Objectives on a GPU that is not there: value and gradient of each, without waiting and with nothing left on the CPU."""

from importlib import import_module
from pathlib import Path

import pytest
import torch
from fake_gpu import GPU

import mindseye.optimize.objectives as room
from mindseye.facets.target import Target, build_target
from mindseye.optimize.compose import _adaptive
from mindseye.optimize.loss import Loss, Term
from mindseye.optimize.objectives.batch import Alignment, Diversity, Each
from mindseye.optimize.objectives.direction import Direction
from mindseye.optimize.objectives.facet import ActivationNorm, DotProduct, TotalVariation
from mindseye.optimize.objectives.match import Match
from mindseye.optimize.objectives.norms import AlphaArea, PowerNorm, VariationNorm
from mindseye.optimize.objectives.objective import ALPHA, CANVAS, PHOTO, Objective
from mindseye.optimize.objectives.photo import Caricature, Reconstruction
from mindseye.optimize.objectives.unit import Channel, LayerNorm, LogProbability, Neuron
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.recipe.schedule import Schedule

PICTURES, CHANNELS, POSITIONS, SIDE = 3, 6, 16, 8
LAYER = "layer"


def target(positions=POSITIONS):
    ranks = torch.rand(PICTURES, CHANNELS, positions).sort(-1).values
    return build_target(LAYER, ranks, 3, smaller=[ranks[..., ::2]]).to(GPU)


def activations():
    def draw(*shape):
        return torch.rand(PICTURES, *shape, device=GPU).requires_grad_()

    layers = {LAYER: draw(CHANNELS, POSITIONS), "rgb": draw(3, SIDE**2)}
    photo = {PHOTO + LAYER: torch.rand(PICTURES, CHANNELS, POSITIONS, device=GPU)}
    return layers | photo | {CANVAS: draw(3, SIDE, SIDE), ALPHA: draw(1, SIDE, SIDE)}


# Values of the user's own are on the CPU, as a notebook makes them; those of photos are where the network read them.
OBJECTIVES = {
    "channel": lambda: Channel(LAYER, 1),
    "a channel each": lambda: Channel(LAYER, [0, 1, 2]),
    "neuron": lambda: Neuron(LAYER, [0, 1, 2], [3, 4, 5]),
    "layer": lambda: LayerNorm(LAYER),
    "log probability": lambda: LogProbability(LAYER, torch.tensor([2])),
    "direction": lambda: Direction(LAYER, torch.rand(PICTURES, CHANNELS)),
    "dot": lambda: DotProduct(target()),
    "match": lambda: Match(target()),
    "match of a sample": lambda: Match(target(), 5),
    "match of a smaller map": lambda: Match(target(2 * POSITIONS)),
    "match resampled": lambda: Match(target(POSITIONS + 3)),
    "adaptive": lambda: _adaptive(
        Recipe("r", dot=1.0), target(), torch.rand(PICTURES, CHANNELS, POSITIONS, device=GPU)
    ),
    "robust": lambda: _adaptive(Recipe("r", dot=1.0, adaptive_learned=False), target(), torch.rand(0)),
    "penalty": lambda: ActivationNorm(LAYER),
    "total variation": lambda: TotalVariation(),
    "variation norm": lambda: VariationNorm(2.0),
    "power norm": lambda: PowerNorm(6.0),
    "alpha": lambda: AlphaArea(),
    "reconstruction": lambda: Reconstruction(LAYER),
    "reconstruction of a given map": lambda: Reconstruction(LAYER, torch.rand(1, CHANNELS, POSITIONS)),
    "caricature": lambda: Caricature(LAYER),
    "alignment": lambda: Alignment([LAYER]),
    "diversity": lambda: Diversity(LAYER, torch.tensor([0, 0, 1])),
    "each": lambda: Each([Channel(LAYER, place) - 0.5 * LayerNorm(LAYER) for place in range(PICTURES)]),
    "sum, with a number": lambda: Channel(LAYER, 1) / 2 + 1 - DotProduct(target()) * Channel(LAYER, 2),
}
WITHOUT_VALUES = {"Named", "Class"}
"""Looked up, and bound to one of the others."""


class NoReader:
    network = None


@pytest.mark.parametrize("make", OBJECTIVES.values(), ids=OBJECTIVES)
def test_value_and_gradient_of_every_objective(gpu, make):
    objective, given = make(), activations()
    objective(given)  # what is looked up once, at the start of a painting
    term = Term("objective", objective, Schedule(1.0, 2.0))
    loss = Loss([term, term], NoReader(), None, "float32")
    with gpu.step():
        values = loss.gradient_values(given, 0.5)
        values.sum().backward()
    assert values.shape == (2, PICTURES)
    assert values.device == GPU
    for leaf in (*given.values(), *loss.parameters):
        assert leaf.grad is None or (leaf.grad.device == GPU and leaf.grad.shape == leaf.shape)
    assert any(leaf.grad is not None for leaf in given.values())


def test_no_objective_is_left_out(gpu):
    made = {type(part).__name__ for make in OBJECTIVES.values() for part in parts(make())}
    for file in Path(room.__file__).parent.glob("*.py"):
        import_module(f"{room.__name__}.{file.stem}")
    # A name that begins with an underscore is a base of others.
    public = {kind.__name__ for kind in kinds(Objective) if not kind.__name__.startswith("_")}
    assert public - WITHOUT_VALUES == made


def parts(objective):
    yield objective
    for part in (getattr(objective, "_left", None), getattr(objective, "_right", None)):
        if part is not None:
            yield from parts(part)


def kinds(base):
    for kind in base.__subclasses__():
        if kind.__module__.startswith("mindseye."):
            yield kind
            yield from kinds(kind)


def test_a_target_on_the_cpu_is_caught(gpu):
    """The tests above can fail."""
    left = Target(LAYER, torch.rand(PICTURES, CHANNELS, POSITIONS), torch.zeros(PICTURES, 2, dtype=torch.long))
    with pytest.raises(RuntimeError, match="same device"), gpu.step():
        Match(left)(activations())
