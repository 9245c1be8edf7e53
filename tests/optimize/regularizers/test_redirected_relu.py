"""Dead units: the redirected gradient against its definition, its hooks, and a painting that needs it."""

import pytest
import torch
from nets import TinyConv, seeded
from torch import nn

from mindseye.facets.target import build_target
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.optimize.canvases.canvas import CanvasRequest
from mindseye.optimize.canvases.colour import plain_colours
from mindseye.optimize.canvases.compose import compose_canvas
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.compose import compose_terms
from mindseye.optimize.loop import REDIRECTED_STEPS, Painting, run
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.regularizers.redirected_relu import bounds_of, redirect_gradients, withheld_gradient
from mindseye.optimize.transforms.views import Views
from mindseye.preprocessing import Preprocessing

SIDE = 16
PLAIN = Preprocessing((0.5, 0.5, 0.5), (0.25, 0.25, 0.25), SIDE, SIDE)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def by_definition(x, gradient, top):
    """Lucid's rule for one picture, value by value."""
    values = list(zip(x.flatten().tolist(), gradient.flatten().tolist()))
    usual = [g if 0 < v < top else 0.0 for v, g in values]
    if any(usual):
        return torch.tensor(usual).view_as(x)
    redirected_values = []
    for v, g in values:
        pushes_down, pushes_up = v <= 0 and g > 0, v >= top and g < 0
        redirected_values.append(0.0 if pushes_down or pushes_up else g)
    return torch.tensor(redirected_values).view_as(x)


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize(
    ("make", "top"), [(nn.ReLU, float("inf")), (nn.ReLU6, 6.0), (lambda inplace: nn.Hardtanh(0.0, 1.0, inplace), 1.0)]
)
def test_gradient_by_definition(make, top, in_place):
    """Living, dead, saturated and undecided pictures in one batch get what the rule says, in place or not."""
    x = random(5, 3, 4, 4)
    x[1] = -x[1].abs()
    x[2] = x[2].abs() + 7
    x[3] = torch.where(x[3] > 0, x[3] + 7, x[3])
    weight = random(5, 3, 4, 4, seed=1)
    weight[4, :, :, 0] = 0
    leaf = x.clone().requires_grad_()
    network = nn.Sequential(make(inplace=in_place))
    with redirect_gradients(network):
        (network(leaf * 1.0) * weight).sum().backward()
    expected = torch.stack([by_definition(x[i], weight[i], top) for i in range(5)])
    assert torch.equal(leaf.grad, expected)
    assert expected[1].any()


def test_a_living_picture_is_withheld_nothing():
    """As soon as one value of a picture lets its gradient through, nothing is added to it, exactly."""
    gradient, low = random(2, 3, 4), torch.ones(2, 3, 4, dtype=torch.bool)
    low[1, 2, 3] = False
    added = withheld_gradient(gradient, low, torch.zeros_like(low))
    assert torch.equal(added[0], gradient[0].clamp_max(0))
    assert not added[1].any()


def test_which_modules_are_meant():
    """ReLU and its clipped kin, by class; what lets a gradient through below zero is left alone."""
    assert bounds_of(nn.ReLU()) == (0.0, float("inf"))
    assert bounds_of(nn.ReLU6()) == (0.0, 6.0)
    assert bounds_of(nn.Hardtanh(0.0, 20.0)) == (0.0, 20.0)
    for other in (nn.Hardtanh(), nn.GELU(), nn.LeakyReLU(), nn.SiLU(), nn.Sigmoid(), nn.Conv2d(1, 1, 1)):
        assert bounds_of(other) is None


class Shared(nn.Module):
    """An input that a ReLU shares with a skip connection, as in a pre-activation block."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(x) * 2 + 3 * x


def test_only_the_share_of_the_module_changes():
    """Where an input also goes elsewhere, that part of its gradient stays as it is."""
    leaf = torch.tensor([[-1.0, -2.0], [1.0, -2.0]], requires_grad=True)
    network = Shared()
    with redirect_gradients(network):
        (-network(leaf * 1.0)).sum().backward()
    assert leaf.grad.tolist() == [[-5.0, -5.0], [-5.0, -3.0]]


def gradients(network, images, context=None):
    leaf = images.clone().requires_grad_()
    with context if context is not None else torch.enable_grad():
        values = network(leaf * 1.0)
        values.sum().backward()
    return values.detach(), leaf.grad


def test_living_pictures_of_a_network_are_untouched():
    """Reused in-place ReLUs with sums behind them: values and gradients are those without redirection, bit for bit."""
    network = seeded(TinyConv)
    images = random(2, 3, SIDE, SIDE)
    plain, changed = gradients(network, images), gradients(network, images, redirect_gradients(network))
    assert torch.equal(plain[0], changed[0])
    assert torch.equal(plain[1], changed[1])


def test_a_dead_picture_does_not_touch_its_neighbours():
    """Beside a picture that is dead at the first ReLU, the other keeps its gradient, and the dead one gets one."""
    network = seeded(TinyConv)
    with torch.no_grad():
        network.stem.bias.fill_(-30.0)
    images = random(2, 3, SIDE, SIDE)
    images[0] *= 100
    plain, changed = gradients(network, images), gradients(network, images, redirect_gradients(network))
    assert plain[1][0].any()
    assert not plain[1][1].any()
    assert torch.equal(plain[1][0], changed[1][0])
    assert changed[1][1].any()


def list_hooks(network):
    return [hooks for m in network.modules() for hooks in (m._forward_pre_hooks, m._forward_hooks) if hooks]


def test_hooks_are_gone_afterwards():
    """No module and no tensor keeps a hook, not even a leaf that outlives the context."""
    network, leaf = nn.Sequential(nn.ReLU()), random(2, 8).requires_grad_()
    with redirect_gradients(network):
        network(leaf)
        assert list_hooks(network)
        assert leaf._backward_hooks
    assert not list_hooks(network)
    assert not leaf._backward_hooks


def test_hooks_are_gone_after_an_error():
    """A forward pass that fails leaves no hook behind."""
    network = seeded(TinyConv)
    with pytest.raises(RuntimeError, match="channels"), redirect_gradients(network):
        network(random(2, 4, SIDE, SIDE))
    assert not list_hooks(network)


class Gate(nn.Module):
    """A unit that only sees something in bright pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        with torch.no_grad():
            self.conv.weight.fill_(0.05)
            self.conv.bias.fill_(-1.0)

    def forward(self, images):
        return self.relu(self.conv(images))


def paint(network, read, start, steps=40):
    recipe = Recipe("test", steps=steps, canvas="pixels", start="weighted", lr=0.05, dot=1.0, colours="none")
    goal = {"relu": build_target("relu", torch.ones(len(start), 2, SIDE * SIDE), 2)}
    random = RandomKeys(0, tuple(f"picture {index}" for index in range(len(start))))
    canvas = compose_canvas(
        CanvasRequest(recipe, SIDE, 3, Palette(plain_colours(3)), random, torch.device("cpu"), start)
    )
    terms = compose_terms(recipe, goal, "relu", [], None, torch.zeros(len(start), 2, 1))
    return Painting(canvas, terms, recipe, Views.of(recipe, SIDE), random, read, PLAIN)


@pytest.fixture
def gate():
    network = Gate().eval().requires_grad_(False)
    with Reader(network, [find_layer(survey(network, SIDE), "relu")]) as read:
        yield network, read


DARK, BRIGHT = torch.full((1, 3, SIDE, SIDE), 0.4), torch.full((1, 3, SIDE, SIDE), 0.9)


def test_a_dead_target_is_painted(gate):
    """A picture whose target unit is zero at the start finds it, and without redirection does not move at all."""
    network, read = gate
    painting = paint(network, read, DARK)
    assert painting.start.abs().sum() == 0
    run(painting, 10, lambda *_: None)
    assert painting.measure()[0, 0] < -0.1
    without = paint(network, read, DARK)
    without.step = REDIRECTED_STEPS
    run(without, 10, lambda *_: None)
    assert torch.equal(without.images(), DARK)


def test_a_living_picture_is_painted_the_same_beside_a_dead_one(gate):
    """Redirection in a batch changes nothing for a picture that needs none."""
    network, read = gate
    mixed, alone = paint(network, read, torch.cat([BRIGHT, DARK])), paint(network, read, BRIGHT)
    for painting in (mixed, alone):
        run(painting, 10, lambda *_: None)
    assert torch.equal(mixed.images()[0], alone.images()[0])
    assert mixed.measure()[0, 1] < -0.1


def test_redirection_continues_after_a_stop(gate):
    """Stopped within the redirected steps and loaded anew, the end is the same bit for bit."""
    network, read = gate
    whole, first, second = (paint(network, read, DARK) for _ in range(3))
    run(whole, 10, lambda *_: None)
    for _ in range(3):
        first.advance()
    state = first.state()
    second.load(state)
    run(second, 10, lambda *_: None)
    assert torch.equal(whole.images(), second.images())


def test_redirection_ends_and_leaves_no_hook(gate):
    """Only the first 16 steps are redirected, none of a picture that starts alive, and the network is left clean."""
    network, read = gate
    hooks = []
    watch = network.conv.register_forward_hook(lambda *_: hooks.append(len(network.relu._forward_hooks)))
    run(paint(network, read, BRIGHT, steps=20), 10, lambda *_: None)
    assert hooks == [1] * 21  # the reader's own, at the start and at every step
    hooks.clear()
    run(paint(network, read, DARK, steps=20), 10, lambda *_: None)
    assert hooks == [1] + [2] * 16 + [1] * 4
    watch.remove()
    assert [len(held) for held in list_hooks(network)] == [1]
