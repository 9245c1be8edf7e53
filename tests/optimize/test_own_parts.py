"""Parts of the user's own in the loop: each does what it says there, and each mistake is one line that names it."""

import pickle
from dataclasses import replace

import pytest
import torch
from nets import TinyConv, seeded
from own_parts import FILE, write_parts

from mindseye.errors import UserError
from mindseye.layers.layer import find_layer
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.optimize.canvases.canvas import Canvas, CanvasRequest
from mindseye.optimize.canvases.colour import builtin_colours
from mindseye.optimize.canvases.compose import CANVASES, compose_canvas, find_canvas
from mindseye.optimize.canvases.fourier import Fourier
from mindseye.optimize.canvases.palette import Palette
from mindseye.optimize.loop import Painting, run
from mindseye.optimize.loss import Term
from mindseye.optimize.objectives.batch import Each
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.objectives.unit import Channel
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.load import load_recipe, recipe_from, with_whole_paths
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.recipe.schedule import Schedule
from mindseye.optimize.transforms.augmentations import select_augmentations
from mindseye.optimize.transforms.transform import Transform
from mindseye.optimize.transforms.views import Views
from mindseye.preprocessing import Preprocessing
from mindseye.user_code import load_object


class Shear(Transform):
    """One that can be imported is pickled as it is."""

    def __call__(self, images, step, random):
        return images.roll(step, -1)


SIDE = 32
PLAIN = Preprocessing((0.5,) * 3, (0.25,) * 3, SIDE, SIDE)
PIXELS = Recipe("x", steps=6, canvas="pixels", lr=0.05, start="grey")


@pytest.fixture
def file(tmp_path):
    return write_parts(tmp_path)


@pytest.fixture
def read():
    network = seeded(TinyConv)
    with Reader(network, [find_layer(survey(network, SIDE), "body.2")]) as reader:
        yield reader


def request(recipe, keys=("a", "b"), side=SIDE, images=None):
    palette = Palette(builtin_colours(3))
    return CanvasRequest(recipe, side, 3, palette, RandomKeys(0, keys), torch.device("cpu"), images)


def paint(read, recipe, objective=None, keys=("a", "b")):
    asked = request(recipe, keys, find_canvas(recipe.canvas).fixed_side or SIDE)
    term = Term("objective", objective or Channel("body.2", 3), Schedule(-1.0, -1.0))
    views = Views.of(recipe, SIDE)
    return Painting(compose_canvas(asked), [term], recipe, views, asked.random, read, PLAIN)


def test_a_canvas_of_two_methods_paints(read, file):
    """Parameters and a rendering: the pictures move, have no colours, do not mix, and an interrupted painting goes on."""
    recipe = replace(PIXELS, canvas=f"{file}:Grey", start="noise", coarse=0.5)
    painting, alone = paint(read, recipe), paint(read, recipe, keys=("b",))
    for _ in range(3):
        painting.advance()
    resumed = paint(read, recipe)
    resumed.load(painting.state())
    for each in (painting, resumed, alone):
        run(each, 10, lambda *_: None)
    assert torch.equal(painting.images(), resumed.images())
    torch.testing.assert_close(painting.images()[1], alone.images()[0], atol=2e-4, rtol=0)
    assert torch.equal(painting.images()[:, 0], painting.images()[:, 1])
    assert (painting.measure() < painting.start).all()


def test_a_canvas_says_what_it_can_do(file):
    """What is not in its class is refused before anything is painted; what is built in says the same of itself."""
    grey, small = load_object(f"{file}:Grey"), load_object(f"{file}:Small")
    for values, told in (
        ({"start": "grey"}, "Grey cannot start from a picture: start is noise, not grey"),
        ({"blur": 1}, "Grey cannot be smoothed or brightened after a step: set blur to 0"),
        ({"alpha": True}, "Grey has no alpha; fourier, pixels, laplacian and cppn have"),
        ({"shared": 0.5}, "Grey cannot share a part; fourier and laplacian can"),
        ({"regularizers": [f"{file}:Fade"]}, "Grey cannot be changed after a step, as the regularizer Fade does"),
    ):
        with pytest.raises(UserError, match=told):
            recipe_from({"canvas": grey, **values}, "x")
    recipe_from({"canvas": small, "start": "grey", "blur": 1, "regularizers": [f"{file}:Fade"]}, "x")
    recipe_from({"canvas": grey, "regularizers": [f"{file}:Still"]}, "x")
    able = {name: (kind.can_have_alpha, kind.can_share, kind.can_show()) for name, kind in CANVASES.items()}
    assert able == {
        "fourier": (True, True, True),
        "pixels": (True, False, True),
        "laplacian": (True, True, True),
        "maco": (False, False, True),
        "cppn": (True, False, False),
        "prior": (False, False, False),
    }


def test_a_canvas_that_has_nothing_to_share_is_refused(file):
    """``can_share`` alone is not enough: what is shared are a ``Decorrelated`` canvas' channels."""

    class Sharing(load_object(f"{file}:Grey")):
        can_share = True

    with pytest.raises(UserError, match="Sharing cannot share a part; fourier and laplacian can"):
        recipe_from({"canvas": Sharing, "shared": 0.5}, "x")
    with pytest.raises(UserError, match="Sharing cannot share a part: only a Decorrelated canvas can"):
        compose_canvas(request(replace(recipe_from({"canvas": Sharing}, "x"), shared=0.5)))


def test_a_canvas_of_a_fixed_side_is_seen_at_the_networks_size(read, file):
    """Twelve pixels a side, started from a photo, seen at 32."""
    recipe = recipe_from({"canvas": f"{file}:Small", "start": "photo", "lr": 0.1, "steps": 5}, "x")
    photo = (
        torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(0)).mean(1, keepdim=True).expand(-1, 3, -1, -1)
    )
    canvas = compose_canvas(request(recipe, side=12, images=photo))
    shown = torch.nn.functional.interpolate(photo, size=(12, 12), mode="bicubic", antialias=True).clamp(0.01, 0.99)
    torch.testing.assert_close(canvas.render().detach(), shown.expand(2, -1, -1, -1), atol=1e-5, rtol=0)
    painting = paint(read, replace(recipe, start="noise"))
    run(painting, 10, lambda *_: None)
    assert painting.images().shape == (2, 3, 12, 12)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("self.leaf = torch.zeros(2, 3, 32, 32)", "list of leaf tensors"),
        ("self.leaf = torch.zeros(5, 3, 32, 32).requires_grad_()", r"shape \[5, 3, 32, 32\]: its first axis"),
        ("self.leaf = torch.zeros(2, 4, 32, 32).requires_grad_()", r"renders \[2, 4, 32, 32\], not \[2, 3, 32, 32\]"),
        ("self.leaf = torch.full((2, 3, 32, 32), 1.5).requires_grad_()", "values from 1.5 to 1.5"),
        ("self.leaf = torch.full((2, 3, 32, 32), float('nan')).requires_grad_()", "not within"),
        ("self.leaf = undefined", "fails with NameError.*line 4"),
    ],
)
def test_a_canvas_that_renders_no_pictures_is_refused(tmp_path, body, told):
    """One line that names the canvas and what it does."""
    (tmp_path / "bad.py").write_text(
        "import torch\nfrom mindseye.optimize.canvases.canvas import Canvas\nclass Bad(Canvas):\n"
        f"    def __init__(self, request): {body}\n"
        "    @property\n    def parameters(self): return [self.leaf]\n"
        "    def render(self): return self.leaf * 1\n"
    )
    with pytest.raises(UserError, match=told) as raised:
        compose_canvas(request(Recipe("x", canvas=f"{tmp_path / 'bad.py'}:Bad")))
    assert "bad.py:Bad" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_is_no_canvas_is_refused(file):
    """A word that is none, another class, and a function."""
    for canvas, told in (
        ("oil", "one of fourier, pixels, .*FILE.py:NAME, not 'oil'"),
        (f"{file}:Cutout", "no subclass of mindseye.Canvas"),
        (f"{file}:darker", "no subclass of mindseye.Canvas"),
        (int, "builtins:int' is no subclass"),
        ("my.py", "names no NAME"),
    ):
        with pytest.raises(UserError, match=told):
            recipe_from({"canvas": canvas}, "x")
    assert find_canvas(Fourier) is find_canvas("fourier") is Fourier
    assert not Canvas.can_show()


def test_a_transform_comes_behind_the_views(file):
    """The hole lies in the view, of the recipe's noise too, elsewhere for each picture and step, and the same again."""
    recipe = replace(PIXELS, crop=(0.7, 1.0), noise=0.1, transforms=(f"{file}:Cutout(share=0.25)",))
    images, random = torch.ones(2, 3, 40, 40), RandomKeys(0, ("a", "b"))
    views = Views.of(recipe, SIDE)(images, 3, random)
    holes = (views == 0).all(1)
    assert holes.sum((1, 2)).tolist() == [64, 64]
    assert not torch.equal(holes[0], holes[1])
    assert torch.equal(Views.of(recipe, SIDE)(images, 3, random), views)
    assert not torch.equal(Views.of(recipe, SIDE)(images, 4, random), views)
    plain = Views.of(replace(recipe, transforms=()), SIDE)(images, 3, random)
    assert torch.equal(views[:, 0][~holes], plain[:, 0][~holes])


def test_a_function_is_a_transform(read, file):
    """In order, one behind the other; of whole pictures nothing is changed."""
    darker = load_object(f"{file}:darker")
    views = Views.of(replace(PIXELS, transforms=(darker, f"{file}:darker")), SIDE)
    images = torch.rand(1, 3, SIDE, SIDE)
    assert torch.equal(views(images, 0, RandomKeys(0, ("a",))), images * 0.25)
    assert torch.equal(views.plain(images), images)
    assert select_augmentations(replace(PIXELS, views=4, transforms=(darker,)), "none").views == 4


def test_a_regularizer_changes_the_gradient_before_the_mask(read, file):
    """The left half stays as it was; the right half moves as without it."""
    held, free = paint(read, replace(PIXELS, regularizers=(f"{file}:Still",))), paint(read, PIXELS)
    for painting in (held, free):
        painting.advance()
    half = SIDE // 2
    assert (held.images()[..., :half] == 0.5).all()
    assert torch.equal(held.images()[..., half:], free.images()[..., half:])
    masked = paint(read, replace(PIXELS, mask=0.05, regularizers=(f"{file}:Still",)))
    masked.advance()
    assert masked.canvas.parameters[0].grad[..., -1].abs().max() < 1e-12


def test_a_regularizer_changes_the_pictures_after_a_step(read, file):
    """After every second step, by its progress; between them nothing."""
    fade = load_object(f"{file}:Fade")(0.5)
    faded, free = paint(read, replace(PIXELS, regularizers=(fade,))), paint(read, PIXELS)
    for step in range(2):
        for painting in (faded, free):
            painting.advance()
        expected = free.images()
        if step == 1:
            expected = expected + 0.5 * (1 / 5) * (1 - expected)
        torch.testing.assert_close(faded.images(), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("key", "part", "told"),
    [
        ("transforms", "Shrinks", r"Shrinks' gives \[2, 3, 32, 31\] for images \[2, 3, 32, 32\]"),
        ("regularizers", "Flattens", r"Flattens' gives \[6144\] for \[2, 3, 32, 32\]"),
        ("transforms", "Contrast", "fails with TypeError"),
        ("regularizers", "Cutout", "gives no Regularizer but a Cutout"),
    ],
)
def test_mistakes_of_transforms_and_regularizers(read, file, key, part, told):
    """At the first step, or before it, in one line that names the part."""
    with pytest.raises(UserError, match=told) as raised:
        paint(read, replace(PIXELS, **{key: (f"{file}:{part}",)})).advance()
    assert "my.py:" in str(raised.value)


def test_an_objective_needs_layers_and_a_number_per_picture(read, file):
    """Named by its class; alone, in a sum, and one for each picture."""
    contrast = load_object(f"{file}:Contrast")
    objective = contrast(3)
    assert (objective.name, objective.layers) == ("Contrast", ("body.2",))
    whole = objective - 0.5 * Channel("body.2", 5)
    for given in (objective, whole, Each([objective, whole])):
        painting = paint(read, replace(PIXELS, start="noise"), given)
        run(painting, 10, lambda *_: None)
        assert (painting.measure() < painting.start).all()


def test_an_objective_of_another_shape_is_told_once(read, file):
    """A batch's mean is refused before the first step, wherever it stands; what is right is asked only once more."""
    average, contrast = load_object(f"{file}:Average")(), load_object(f"{file}:Contrast")()
    for given in (average, 2 * average + contrast, Each([contrast, average])):
        with pytest.raises(
            UserError, match=r"objective 'Average' gives \[\] for (1 image|2 images), not one number for each"
        ):
            paint(read, PIXELS, given)
    line = 1 + FILE.splitlines().index('        return activations["body.7"]')
    with pytest.raises(UserError, match=rf"my.py:Breaks' fails with KeyError: 'body.7' \(my.py, line {line}\)"):
        paint(read, PIXELS, load_object(f"{file}:Breaks")())

    class Counted(Objective):
        layers, calls = "body.2", 0

        def __call__(self, activations):
            self.calls += 1
            return activations["body.2"].mean((1, 2))

    counted = Counted()
    painting = paint(read, PIXELS, counted)
    assert counted.calls == 2
    for _ in range(3):
        painting.advance()
    assert counted.calls == 5


def test_an_objective_that_forgets_something_is_told(read):
    """No layers, and nothing of the picture in the number."""

    class Forgets(Objective):
        def __call__(self, activations):
            return activations["body.2"].mean((1, 2))

    class Constant(Forgets):
        layers = "body.2"

        def __call__(self, activations):
            return activations["body.2"].detach().mean((1, 2))

    with pytest.raises(UserError, match="objective 'Forgets' does not say what it reads: give its class layers"):
        paint(read, PIXELS, Forgets())
    with pytest.raises(UserError, match="does not depend on the picture: Constant"):
        paint(read, PIXELS, Constant()).advance()


def test_a_recipe_with_own_parts_is_plain_data_and_comes_back(file, monkeypatch):
    """Whole paths or classes by their files, objects with their settings; nothing is written where there are none."""
    monkeypatch.chdir(file.parent)
    words = load_recipe(
        "lucid", {"canvas": "my.py:Small", "transforms": ["my.py:Cutout(share=0.5)"], "regularizers": ["my.py:Fade"]}
    )
    plain = with_whole_paths(words).as_dict()
    assert (plain["canvas"], plain["transforms"]) == (f"{file}:Small", [f"{file}:Cutout(share=0.5)"])
    assert list(plain)[-2:] == ["transforms", "regularizers"]
    small, cutout, fade = (load_object(f"{file}:{name}") for name in ("Small", "Cutout", "Fade"))
    parts = replace(load_recipe("lucid"), canvas=small, transforms=(cutout(0.25),), regularizers=[fade])
    assert parts.as_dict() == plain | {"transforms": [f"{file}:Cutout(share=0.25)"]}
    assert recipe_from(plain) == with_whole_paths(words)
    assert recipe_from(parts.as_dict()).as_dict() == parts.as_dict()
    assert pickle.loads(pickle.dumps(words)) == words
    assert pickle.loads(pickle.dumps(parts)).as_dict() == parts.as_dict()
    shear = replace(words, transforms=[Shear])
    assert pickle.loads(pickle.dumps(shear)) == shear
    assert {"transforms", "regularizers"}.isdisjoint(Recipe("x").as_dict())
