"""What the author's program does otherwise than the paper: one test for each correction (docs/design.md lists them)."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from nets import TinyConv, seeded
from PIL import Image

from mindseye.facets.clustering import find_facets, weights
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
from mindseye.optimize.objectives.facet import DotProduct
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.regularizers.functional import centre_mask
from mindseye.optimize.transforms.views import Views
from mindseye.photos.photo_set import find_photos
from mindseye.preprocessing import Preprocessing
from mindseye.runs.files import write_picture

SIDE, LAYER = 32, "body.2"
PLAIN = Preprocessing((0.5,) * 3, (0.25,) * 3, SIDE, SIDE)


@pytest.fixture
def read():
    network = seeded(TinyConv)
    layers = survey(network, SIDE)
    with Reader(network, [find_layer(layers, LAYER), find_layer(layers, f"{LAYER}@input")]) as reader:
        yield reader


def painting(read, pictures, **changes):
    recipe = replace(load_recipe("paper"), steps=6, top_k=4, **changes)
    photos = torch.rand(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))[pictures]
    target = build_target(LAYER, torch.rand(3, 16, 64, generator=torch.Generator().manual_seed(2)).sort(-1).values, 4)
    random = RandomKeys(0, tuple(map(str, pictures)))
    canvas = compose_canvas(
        CanvasRequest(recipe, SIDE, 3, Palette(plain_colours(3)), random, torch.device("cpu"), photos)
    )
    chosen = {LAYER: target.select(pictures)}
    with torch.no_grad():
        start = read(PLAIN.normalise(photos))[LAYER]
    terms = compose_terms(recipe, chosen, LAYER, [], f"{LAYER}@input", start)
    return Painting(canvas, terms, recipe, Views(SIDE), random, read, PLAIN)


def test_members_are_the_nearest_of_their_own_facet():
    """Not the farthest, and not photos of other facets: by definition, over three groups of points."""
    draw = np.random.default_rng(0)
    points = np.concatenate([draw.normal(centre, 1.0, (40, 2)) for centre in ((0, 0), (9, 0), (0, 9))]).astype(
        np.float32
    )
    facets, clustering = find_facets(points, 3, 10, seed=0)
    for facet in facets:
        own = np.flatnonzero(clustering.assignment == facet.index)
        distances = np.linalg.norm(points[own] - points[own].mean(0), axis=1)
        assert list(facet.members) == own[np.argsort(distances, kind="stable")[:10]].tolist()


def test_weights_of_near_photos_do_not_overflow():
    """A photo on the centre (1 / d = 1e5) has all the weight, and nothing is NaN; e^100000 would be infinite."""
    shares = weights(np.array([0.0, 1.0, 2.0]), scale="paper")
    assert np.isfinite(shares).all()
    np.testing.assert_allclose(shares, [1, 0, 0], atol=1e-12)


def test_dot_product_runs_over_the_facets_own_channels():
    """Changing another facet's channels does not change a facet's number."""
    ranks = torch.rand(2, 6, 4, generator=torch.Generator().manual_seed(0))
    ranks[0, :2] += 5
    ranks[1, 4:] += 5
    target = build_target("a", ranks, 2)
    activation = torch.ones(2, 6, 4)
    louder = activation.clone()
    louder[0, 4:] = 100.0
    assert DotProduct(target)({"a": activation})[0] == DotProduct(target)({"a": louder})[0]


def test_no_term_is_counted_once_per_facet(read):
    """Every weighted term of a picture is the same in a batch of three facets as alone."""
    together, alone = painting(read, [0, 1, 2]), painting(read, [1])
    assert {term.name for term in together.terms} == {"dot", "adaptive", "penalty"}
    torch.testing.assert_close(together.start[:, 1], alone.start[:, 0], rtol=1e-5, atol=1e-6)


def test_momentum_and_adaptive_loss_persist(read):
    """The picture moves by Nesterov's recursion over all steps, b and r by Adam's, each from where the last step left it.

    By hand from the gradients of each step; beside it what an optimizer that is made anew at every step would do, which is
    another picture and another (b, r).
    """
    paper = painting(read, [0], mask=0.0, blur=0.0, denoise=0.0)
    learned = paper.loss.parameters
    pixels = anew = paper.canvas.parameters[0].detach().double()
    start = latents = latents_anew = torch.stack([latent.detach() for latent in learned]).double()
    momentum = first = second = torch.zeros(())
    for step in range(1, 5):
        paper.advance()
        lr = paper.recipe.schedule("lr").at((step - 1) / 5)
        gradient = paper.canvas.parameters[0].grad.double()
        momentum = 0.9 * momentum + gradient
        pixels = (pixels - lr * (gradient + 0.9 * momentum)).clamp(0, 1)
        anew = (anew - lr * 1.9 * gradient).clamp(0, 1)
        slope = torch.stack([latent.grad for latent in learned]).double()
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        latents = latents - 0.01 * (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
        latents_anew = latents_anew - 0.01 * slope / (slope.abs() + 1e-8)
    torch.testing.assert_close(paper.images().double()[0], pixels[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(
        torch.stack([latent.detach() for latent in learned]).double(), latents, atol=1e-6, rtol=0
    )
    assert (anew - pixels).abs().max() > 1e-2
    assert ((latents_anew - latents).abs() > 5e-6).all()
    assert ((latents - start).abs() > 0.03).all()  # (b, r) made anew would be one step of 0.01 away


def test_pictures_are_not_rounded_to_bytes(read):
    """An update far below half a grey level is kept."""
    one = painting(read, [0], lr=1e-2, mask=0.0, blur=0.0, denoise=0.0)
    before = one.images()
    one.advance()
    change = (one.images() - before).abs()
    assert 0 < change.max() < 0.5 / 255


def test_red_stays_red(tmp_path):
    """From file to network and back to file, the first channel is red."""
    Image.new("RGB", (40, 40), (200, 30, 10)).save(tmp_path / "red.png")
    photos = find_photos(tmp_path)
    list(photos.batches(PLAIN, SIDE, 3))
    pixels = photos.load([0])[0]
    assert pixels[:, 5, 5].tolist() == [200, 30, 10]
    seen = PLAIN.normalise(pixels[None] / 255)[0, :, 5, 5]
    torch.testing.assert_close(seen, (torch.tensor([200, 30, 10]) / 255 - 0.5) / 0.25)
    write_picture(tmp_path / "out.png", pixels / 255, {})
    assert Image.open(tmp_path / "out.png").getpixel((5, 5)) == (200, 30, 10)


def test_mask_sigma_is_sigma():
    """At a distance of sigma from the centre the mask is e^(-1/2), not 6 standard deviations out."""
    mask = centre_mask(101, 20 / 101)[0, 0]
    assert float(mask[50, 50]) == 1.0
    assert float(mask[50, 70]) == pytest.approx(np.exp(-0.5), rel=1e-5)
    assert float(mask[30, 50]) == pytest.approx(np.exp(-0.5), rel=1e-5)


def test_schedules_do_not_start_anew_on_resume(read):
    """A painting that continues uses the learning rate of its step."""
    whole, stopped = painting(read, [0]), painting(read, [0])
    rates = []
    run(whole, 1, lambda now, _: rates.append(now._optimizers[0].param_groups[0]["lr"]))
    for _ in range(3):
        stopped.advance()
    resumed = painting(read, [0])
    resumed.load(stopped.state())
    rest = []
    run(resumed, 1, lambda now, _: rest.append(now._optimizers[0].param_groups[0]["lr"]))
    assert rest == rates[3:]
    assert rates == sorted(rates, reverse=True)
