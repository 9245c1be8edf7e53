"""The loop: steps raise their objective, pictures do not touch each other, and a state continues as if never stopped."""

from dataclasses import replace

import pytest
import torch
from nets import TinyConv, seeded

from mindseye.facets.target import build_target
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.optimize.canvases.canvas import CanvasRequest
from mindseye.optimize.canvases.colour import plain_colours
from mindseye.optimize.canvases.compose import compose_canvas
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.compose import compose_terms
from mindseye.optimize.loop import Painting, run
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.regularizers.regularizer import Regularizer
from mindseye.optimize.transforms.views import Views
from mindseye.preprocessing import Preprocessing

SIDE, LAYER = 32, "body.2"
PLAIN = Preprocessing((0.5, 0.5, 0.5), (0.25, 0.25, 0.25), SIDE, SIDE)
PAPER = Recipe(
    "test",
    steps=12,
    canvas="pixels",
    start="weighted",
    optimizer="sgd",
    lr=(20.0, 5.0),
    top_k=4,
    dot=1.0,
    adaptive=1.0,
    penalty=(1e-3, 1e-4),
    mask=(0.8, 0.6),
    blur=(0.5, 0.2),
    blur_every=5,
    denoise=(8.0, 16.0),
    denoise_every=5,
)
NOISE = Recipe(
    "noise", steps=12, lr=(0.05, 0.01), dot=5.0, match=5.0, total_variation=0.5, crop=(0.7, 1.0), flip=0.5, noise=0.02
)

OCTAVES = replace(NOISE, octaves=2, octave_scale=2.0, gradient_blur=(1.0, 1.0))


@pytest.fixture
def network():
    return seeded(TinyConv)


def paint(network, read, recipe, pictures=(0, 1, 2), device="cpu"):
    photos = torch.rand(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    goal = torch.rand(3, 16, 64, generator=torch.Generator().manual_seed(2)).sort(-1).values
    colour = photos.flatten(2).sort(-1).values
    chosen = list(pictures)
    targets = {LAYER: build_target(LAYER, goal, 4).select(chosen), "rgb": build_target("rgb", colour, 3).select(chosen)}
    random = RandomKeys(0, tuple(f"picture {index}" for index in chosen))
    canvas = compose_canvas(
        CanvasRequest(recipe, SIDE, 3, Palette(plain_colours(3)), random, torch.device(device), photos[chosen])
    )
    matched = ["rgb", LAYER] if recipe.match else []
    with torch.no_grad():
        start = read(PLAIN.normalise(canvas.render()))[LAYER]
    terms = compose_terms(recipe, targets, LAYER, matched, "body.1" if recipe.penalty else None, start)
    return Painting(canvas, terms, recipe, Views.of(recipe, SIDE), random, read, PLAIN)


@pytest.fixture
def read(network):
    layers = survey(network, SIDE)
    with Reader(network, [find_layer(layers, LAYER), find_layer(layers, "body.1")]) as reader:
        yield reader


@pytest.mark.parametrize("recipe", [PAPER, NOISE, OCTAVES], ids=["paper", "noise", "octaves"])
def test_painting_lowers_the_loss_of_every_picture(network, read, recipe):
    """After the last step each picture's loss is below its start."""
    painting = paint(network, read, replace(recipe, steps=40))
    run(painting, 10, lambda *_: None)
    assert (painting.measure().sum(0) < painting.start.sum(0)).all()


@pytest.mark.parametrize("recipe", [PAPER, NOISE, OCTAVES], ids=["paper", "noise", "octaves"])
def test_a_state_continues_as_if_never_stopped(network, read, recipe):
    """Stopped in the middle, written out and loaded into a fresh painting, the end is the same bit for bit."""
    whole, first = paint(network, read, recipe), paint(network, read, recipe)
    run(whole, 10, lambda *_: None)
    for _ in range(7):
        first.advance()
    second = paint(network, read, recipe)
    second.load(first.state())
    run(second, 10, lambda *_: None)
    assert torch.equal(whole.images(), second.images())
    assert torch.equal(whole.measure(), second.measure())
    assert torch.equal(whole.start, second.start)


def test_a_picture_does_not_depend_on_its_neighbours(network, read):
    """Painted alone or beside others, a picture is the same (up to the last bits of another batch size)."""
    for recipe in (PAPER, NOISE):
        together, alone = paint(network, read, recipe), paint(network, read, recipe, [1])
        for painting in (together, alone):
            run(painting, 10, lambda *_: None)
        torch.testing.assert_close(together.images()[1], alone.images()[0], atol=2e-4, rtol=0)


def test_a_picture_that_turns_nan_costs_only_itself(network, read):
    """One canvas of NaN is stopped and named; the others end as they would have."""
    good, bad = paint(network, read, PAPER), paint(network, read, PAPER)
    with torch.no_grad():
        bad.canvas.parameters[0][1] = float("nan")
    lost = []
    run(good, 5, lambda *_: None)
    run(bad, 5, lambda _, places: lost.extend(places))
    assert lost == [1]
    assert bad.alive.tolist() == [True, False, True]
    torch.testing.assert_close(good.images()[[0, 2]], bad.images()[[0, 2]], atol=2e-4, rtol=0)


def test_a_loss_beyond_its_bounds_is_stopped(network, read):
    """A picture whose terms exceed their start a thousandfold is dropped, even while it is finite."""
    painting = paint(network, read, PAPER)
    painting.advance()
    assert painting.drop_lost() == []
    painting.values = painting.values.clone()
    painting.values[:, 2] = 2000 * painting.start[:, 2].abs().sum().clamp_min(1)
    assert painting.drop_lost() == [2]


def test_the_host_looks_only_every_n_steps(network, read):
    """The check is called after every n steps and at the end, not in between."""
    seen = []
    run(paint(network, read, PAPER), 5, lambda painting, _: seen.append(painting.step))
    assert seen == [5, 10, 12]


def test_learned_shape_and_scale_move(network, read):
    """b and r of the adaptive loss learn along with the picture, one of each per image, and momentum persists."""
    painting = paint(network, read, PAPER)
    learned = [parameter for term in painting.terms for parameter in term.objective.parameters]
    before = [parameter.detach().clone() for parameter in learned]
    for _ in range(3):
        painting.advance()
    assert len(learned) == 2
    for parameter, was in zip(learned, before, strict=True):
        assert parameter.shape[0] == 3
        assert (parameter.detach() != was).all()
    assert {name.split("/")[-1] for name in painting.state() if name.startswith("optimizer/0")} == {"momentum_buffer"}


def test_mask_keeps_the_rim_still(network, read):
    """Under a narrow mask the corner moves less than a thousandth of what the centre does, smoothing included."""
    painting = paint(network, read, replace(PAPER, mask=(0.1, 0.1)))
    before = painting.images()
    run(painting, 10, lambda *_: None)
    change = (painting.images() - before).abs().mean((0, 1))
    assert change[:3, :3].mean() < 1e-3 * change[14:18, 14:18].mean()


def test_the_network_computes_in_what_is_asked_for(network, read):
    """bfloat16 inside the network moves the last digits only; canvas and loss stay in float32, and auto is float32 here."""
    seen = []
    network.stem.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    found = {}
    for precision in ("auto", "float32", "bfloat16"):
        seen.clear()
        painting = paint(network, read, replace(NOISE, precision=precision))
        run(painting, 10, lambda *_: None)
        assert set(seen[1:]) == {torch.bfloat16 if precision == "bfloat16" else torch.float32}
        assert painting.values.dtype == painting.images().dtype == torch.float32
        found[precision] = painting.start
    assert torch.equal(found["auto"], found["float32"])
    assert not torch.equal(found["bfloat16"], found["float32"])
    torch.testing.assert_close(found["bfloat16"], found["float32"], atol=0, rtol=0.02)  # eight bits, some layers deep


def test_an_early_octave_is_rendered_no_finer_than_it_is_seen(network, read):
    """Its steps have gradients of half the side, and move no detail that is not there; the others are as always."""
    sides = []

    class Sides(Regularizer):
        def change_gradient(self, gradient, step, progress):
            sides.append(gradient.shape[-1])
            return gradient

    painting = paint(network, read, replace(OCTAVES, steps=4, regularizers=(Sides(),)))
    before = painting.canvas.parameters[0].detach().clone()
    painting.advance()
    changed = (painting.canvas.parameters[0].detach() != before).any(-1).flatten(0, 1).any(0)
    rows, columns = torch.fft.fftfreq(SIDE, 1 / SIDE).abs()[:, None], torch.arange(SIDE // 2 + 1)[None]
    assert torch.equal(changed, (rows < SIDE / 4) & (columns < SIDE / 4))
    run(painting, 4, lambda *_: None)
    assert sides == [SIDE // 2, SIDE // 2, SIDE, SIDE]
    assert painting.images().shape[-1] == SIDE


def test_beside_photos_all_of_the_canvas_is_rendered(network, read):
    """Picture and photo are held against each other pixel by pixel."""
    painting = paint(network, read, replace(OCTAVES, steps=4))
    painting._photos = torch.rand(3, 3, SIDE, SIDE)
    before = painting.canvas.parameters[0].detach().clone()
    painting.advance()
    assert (painting.canvas.parameters[0].detach() != before)[..., SIDE // 2, SIDE // 4 + 1, :].any()
