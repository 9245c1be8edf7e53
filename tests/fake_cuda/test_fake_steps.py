"""Steps on a GPU that is not there: no part of a painting leaves a tensor on the CPU or makes the host wait within one."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from fake_gpu import GPU, HostWaitError
from nets import ChannelsLast, TinyConv, TinyTokens, seeded
from torch._subclasses.fake_tensor import FakeTensor

import mindseye as me
from mindseye.errors import UserError
from mindseye.optimize.canvases.canvas import CanvasRequest
from mindseye.optimize.canvases.colour import builtin_colours
from mindseye.optimize.canvases.compose import CANVASES, compose_canvas, find_canvas
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.canvases.prior import load_prior
from mindseye.optimize.canvases.spectrum import natural_magnitude
from mindseye.optimize.loop import Painting
from mindseye.optimize.loss import Loss
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.checks import check_for_facets
from mindseye.optimize.recipe.files import recipe_names
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.regularizers.constraints import Constraints
from mindseye.optimize.transforms.views import Views

SIDE, LAYER, STEPS = 32, "body.2", 4
DICE = RandomKeys(0, ("one", "two"))
OFTEN = {"steps": STEPS, "blur_every": 2, "denoise_every": 2, "bilateral_every": 2, "brightness_every": 2, "top_k": 4}
DECODER = """
import torch
class Decoder(torch.nn.Module):
    latent_shape = (4,)
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 3 * 64)
    def forward(self, latent):
        return torch.sigmoid(self.linear(latent)).view(-1, 3, 8, 8)
"""
VIEWS = {
    "plain": {},
    "smaller": {"size": 20},
    "crop": {"crop": (0.5, 1.0), "flip": 0.5, "rotate": 8.0, "shift": 0.1},
    "finer": {"size": 12, "crop": (0.8, 1.0)},
    "scale": {"scale": (0.8, 1.2), "pad": 0.1},
    "grey": {"pad": 0.1, "padding": "grey"},
    "perspective": {"perspective": 0.3},
    "noise": {"noise": 0.1},
    "colour": {"colour_jitter": 0.1},
    "blur": {"blur": (0.1, 1.5)},
    "greyscale": {"greyscale": 0.5},
}
CONSTRAINTS = {
    "gradient": {"gradient_blur": (2.0, 0.5), "normalise_gradient": True, "mask": (0.8, 0.6)},
    "blur": {"blur": (0.9, 0.2)},
    "bilateral": {"bilateral": 1.0},
    "denoise": {"denoise": (2.0, 8.0), "mask": 0.5},
    "brightness": {"brightness": 0.1},
}


@pytest.fixture(scope="module")
def photos():
    draw = np.random.default_rng(0)
    return [draw.integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8) for _ in range(6)]


def images(side=SIDE):
    return torch.rand(2, 3, side, side, device=GPU)


@pytest.mark.parametrize("name", recipe_names())
def test_the_steps_of_every_recipe(strict_steps, photos, name):
    """Those that paint facets towards the target of photos, the others towards a unit, also beside a photo."""
    eye = me.Session(seeded(TinyConv), device="cuda:0", size=SIDE, cache=False)
    recipe = replace(load_recipe(name), **OFTEN, size=SIDE)
    try:
        check_for_facets(recipe)
    except UserError:
        if recipe.start != "photo":
            assert not eye.paint([f"{LAYER}:1", f"{LAYER}:random:3"], recipe).failures
        else:
            me.accentuate(photos[0], f"{LAYER}:1", eye, recipe=recipe, out="runs", quiet=True)
    else:
        pictures = eye.paint(eye.target(photos, LAYER, recipe=recipe), recipe)
        assert pictures.images.shape == (1, 3, SIDE, SIDE)
        assert not isinstance(pictures.images, FakeTensor)
    assert strict_steps[0] >= STEPS


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("network", [TinyConv, ChannelsLast])
def test_views_and_octaves_and_a_state_taken_and_loaded(strict_steps, gpu, network):
    """Several views of a step, smaller ones first, on maps and on positions whose channels come last."""
    layer = LAYER if network is TinyConv else "gelu"
    recipe = Recipe(
        "many", **OFTEN, views=2, octaves=2, dot=1.0, match=1.0, positions=20, adaptive=1.0, penalty=0.1, coarse=1
    )
    taken = []
    advance = Painting.advance

    def take(painting):
        taken.append(painting.state())
        painting.load(taken[-1])
        advance(painting)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Painting, "advance", take)
        eye = me.Session(seeded(network), device="cuda:0", size=SIDE)
        with eye.using() as used:
            found = used.layer(layer)
        ranks = torch.rand(2, found.channels, found.positions).sort(-1).values
        target = me.Target(layer, ranks, torch.arange(4).expand(2, -1), (ranks[..., ::2],))
        eye.paint(target, recipe)
    assert len(taken) == STEPS
    assert not any(isinstance(tensor, FakeTensor) for state in taken for tensor in state.values())


@pytest.mark.parametrize(("network", "layer"), [(TinyConv, LAYER), (TinyTokens, "blocks.1")])
def test_steps_in_bfloat16(strict_steps, photos, monkeypatch, network, layer):
    """What a CUDA device that knows it computes in where the recipe does not say otherwise."""
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **options: True)
    monkeypatch.setattr(torch.cuda.amp.common, "amp_definitely_not_available", lambda: False)
    with torch.autocast("cuda", torch.bfloat16):
        assert (torch.rand(2, 2, device=GPU) @ torch.rand(2, 2, device=GPU)).dtype == torch.bfloat16
    eye = me.Session(seeded(network), device="cuda:0", size=SIDE, cache=False)
    recipe = replace(load_recipe("distribution"), steps=2, top_k=4, target_views=1, octaves=1)
    eye.paint(eye.target(photos, layer, recipe=recipe), recipe)
    assert strict_steps[0] == 2


def test_dead_units_get_a_gradient(strict_steps, monkeypatch):
    monkeypatch.setattr(Loss, "finds_nothing", lambda loss, start: True)
    me.Session(seeded(TinyConv), device="cuda:0", size=SIDE).paint(f"{LAYER}:1", "lucid", steps=2)
    assert strict_steps[0] == 2


@pytest.mark.parametrize(
    "extras", [{}, {"alpha": True, "alpha_area": 1.0}, {"shared": 0.5}], ids=["", "alpha", "shared"]
)
@pytest.mark.parametrize("name", CANVASES)
def test_every_canvas(gpu, tmp_path, name, extras):
    kind = find_canvas(name)
    if ("alpha" in extras and not kind.can_have_alpha) or ("shared" in extras and not kind.can_share):
        pytest.skip("this canvas cannot")
    prior = None
    if kind.wants_prior:
        (tmp_path / "decoder.py").write_text(DECODER)
        prior = load_prior(f"{tmp_path}/decoder.py:Decoder", (), 3)
    palette = Palette(builtin_colours(3), natural_magnitude(SIDE, 3))
    recipe = Recipe("canvas", canvas=name, dot=1.0, prior="decoder" if prior else "", **extras)
    canvas = compose_canvas(CanvasRequest(recipe, SIDE, 3, palette, DICE, GPU, None, prior))
    with gpu.step():
        planes = canvas.planes()
        canvas.step_images(planes, 1, DICE).sum().backward()
        gradients = [parameter.grad for parameter in canvas.parameters]
        assert all(gradient.shape == leaf.shape for gradient, leaf in zip(gradients, canvas.parameters))
        canvas.coarsen(gradients, 0.1)
        canvas.tidy()
        canvas.alpha()
        if kind.can_show():
            canvas.replace(planes.detach())
    assert canvas.render().shape == (2, 3, SIDE, SIDE)


@pytest.mark.parametrize("numbers", VIEWS.values(), ids=VIEWS)
def test_every_view(gpu, numbers):
    views, leaf = Views(**{"size": SIDE} | numbers), images().requires_grad_()
    with gpu.step():
        seen = views(leaf, 1, DICE)
        seen.sum().backward()
    assert seen.shape == (2, 3, views.size, views.size)
    assert leaf.grad.device == GPU


@pytest.mark.parametrize("numbers", CONSTRAINTS.values(), ids=CONSTRAINTS)
def test_every_constraint(gpu, numbers):
    recipe = Recipe("pixels", canvas="pixels", dot=1.0, **OFTEN, **numbers)
    constraints = Constraints.of(recipe)
    canvas = compose_canvas(CanvasRequest(recipe, SIDE, 3, Palette(builtin_colours(3)), DICE, GPU))
    with gpu.step():
        assert constraints.gradient(images(), 1, 0.5).device == GPU
        constraints.apply(canvas, 1, 0.5)


def test_a_transform_that_asks_for_a_value_and_one_that_stays_on_the_cpu_are_caught(strict_steps):
    """The tests above can fail."""

    def asks(seen, step, random):
        return seen / float(seen.max())

    def stays(seen, step, random):
        return seen * random.uniform(step, "gain", 1, 1, 1)

    def sends(seen, step, random):
        return seen * random.uniform(step, "gain", 1, 1, 1).to(seen, non_blocking=True)

    eye = me.Session(seeded(TinyConv), device="cuda:0", size=SIDE)
    for transform, error in ((asks, "asks for a value"), (stays, "same device")):
        with pytest.raises((HostWaitError, UserError), match=error):
            eye.paint(f"{LAYER}:1", "lucid", steps=2, transforms=(transform,))
    assert not eye.paint(f"{LAYER}:1", "lucid", steps=2, transforms=(sends,)).failures
