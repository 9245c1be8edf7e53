"""Transforms, regularizers and objectives of the user's own in the loop: each does what it says, each mistake is one line."""

import pickle
from dataclasses import replace

import pytest
import torch
from own_parts import FILE, PIXELS, SIDE, paint

from mindseye.errors import UserError
from mindseye.optimize.loop import run
from mindseye.optimize.objectives.batch import Each
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.objectives.unit import Channel
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.load import load_recipe, recipe_from, with_whole_paths
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.transforms.augmentations import select_augmentations
from mindseye.optimize.transforms.transform import Transform
from mindseye.optimize.transforms.views import Views
from mindseye.user_code import load_object


class Shear(Transform):
    """One that can be imported is pickled as it is."""

    def __call__(self, images, step, random):
        return images.roll(step, -1)


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
