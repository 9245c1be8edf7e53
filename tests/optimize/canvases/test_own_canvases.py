"""Canvases of the user's own in the loop: what they can do, and what is refused."""

from dataclasses import replace

import pytest
import torch
from own_parts import PIXELS, paint, request

from mindseye.errors import UserError
from mindseye.optimize.canvases.canvas import Canvas
from mindseye.optimize.canvases.compose import CANVASES, compose_canvas, find_canvas
from mindseye.optimize.canvases.fourier import Fourier
from mindseye.optimize.loop import run
from mindseye.optimize.recipe.load import recipe_from
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.user_code import load_object


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
