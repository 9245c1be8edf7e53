"""Recipes: data that is checked, named, printed and changed; schedules that meet both ends."""

from dataclasses import FrozenInstanceError, replace

import pytest

from mindseye.errors import UserError
from mindseye.optimize.recipe.checks import check_for_facets
from mindseye.optimize.recipe.files import parse_changes, recipe_names, recipe_text
from mindseye.optimize.recipe.load import load_recipe, recipe_from
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.recipe.schedule import Schedule, progress_of


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_that_come_along_load(name):
    """Every recipe is valid, says what it is, and is a file that can be edited and passed back."""
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.about


def test_printed_recipe_is_the_recipe(tmp_path):
    """The text that is printed loads as a file to the same numbers."""
    path = tmp_path / "paper.toml"
    path.write_text(recipe_text("paper"))
    assert load_recipe(str(path)) == load_recipe("paper")


def test_a_file_says_only_what_differs_from_its_base(tmp_path, monkeypatch):
    """A recipe that comes along, a file in the same folder and one by its path can be a base; the rest is the base's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "mine.toml").write_text('base = "paper"\nsteps = 7\n')
    (tmp_path / "sub" / "its.toml").write_text('base = "mine.toml"\ntop_k = 3\nabout = "his"\n')
    (tmp_path / "other.toml").write_text('base = "sub/its.toml"\nsteps = 9\n')
    paper = load_recipe("paper")
    assert load_recipe("sub/mine.toml") == replace(paper, name="mine", about="", steps=7)
    assert load_recipe("sub/its.toml") == replace(paper, name="its", steps=7, top_k=3, about="his")
    assert load_recipe(str(tmp_path / "other.toml")) == replace(paper, name="other", about="", steps=9, top_k=3)


def test_bases_of_one_spelling_are_no_circle(tmp_path):
    """Folder below folder, each file over that of the folder above."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    for folder, text in ((tmp_path, 'base = "paper"'), (tmp_path / "a", ""), (inner, "steps = 8")):
        (folder / "recipe.toml").write_text(text if "base" in text else f'base = "../recipe.toml"\n{text}')
    assert load_recipe(str(inner / "recipe.toml")) == replace(load_recipe("paper"), name="recipe", about="", steps=8)


def test_a_recipe_that_comes_along_is_not_based_on_files_that_lie_about(tmp_path, monkeypatch):
    """A file called as the base of ``draft`` is somebody's own."""
    before = load_recipe("draft")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "distribution").write_text("steps = 1")
    assert load_recipe("draft") == before


def test_the_draft_is_the_default_but_shorter():
    """What it does not say of itself follows the default."""
    default, draft = load_recipe("distribution"), load_recipe("draft")
    assert draft == replace(default, name="draft", about=draft.about, steps=draft.steps, lr=draft.lr)
    assert draft.steps < default.steps / 5


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ("base = 3", "not 3"),
        ('base = "first.toml"', "is based on itself"),
        ('base = "second.toml"', "is based on itself"),
        ("base = 'papr'", "base of .*first.toml.*did you mean 'paper'"),
        ('base = "nowhere/none.toml"', "base of .*first.toml.*none.toml' does not exist"),
    ],
)
def test_an_impossible_base_is_named(tmp_path, first, told):
    """A base that is no name, not there, or based on the recipe itself."""
    (tmp_path / "first.toml").write_text(first)
    (tmp_path / "second.toml").write_text('base = "first.toml"')
    with pytest.raises(UserError, match=told):
        load_recipe(str(tmp_path / "first.toml"))


def test_plain_values_come_back_whole():
    """A manifest's recipe gives the recipe back."""
    recipe = load_recipe("paper")
    assert recipe_from(recipe.as_dict(), "") == recipe


def test_changes_replace_numbers():
    """KEY=VALUE takes numbers, pairs, words and truth values."""
    changes = parse_changes(["lr=[3, 1]", "steps=7", "start=grey", "nesterov=false", "noise=0.5"])
    recipe = load_recipe("paper", changes)
    assert (recipe.lr, recipe.steps, recipe.start, recipe.nesterov, recipe.noise) == ((3.0, 1.0), 7, "grey", False, 0.5)


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (["stepz=3"], "steps"),
        (["steps=many"], "whole number"),
        (["steps=0"], "at least 1"),
        (["lr=[1,2,3]"], "start, end"),
        (["canvas=oil"], "fourier"),
        (["crop=[0.9,0.2]"], "smallest"),
        (["noise=-1"], "zero or more"),
        (["mask=[0.5,0]"], "neither end"),
        (["dot=0", "adaptive=0", "penalty=0", "objective=0"], "at least one of"),
        (["canvas=cppn"], "cannot start from a picture"),
        (["canvas=cppn", "start=noise"], "set blur to 0"),
        (["canvas=prior", "start=noise", "blur=0", "denoise=0"], "wants a decoder"),
        (["canvas=maco", "alpha=true"], "no alpha"),
        (["brightness=0.1", "alpha=true"], "do not go together"),
        (["alpha_area=0.1"], "alpha = true"),
        (["shared=0.5"], "cannot share"),
        (["canvas=fourier", "shared=1"], "at most 0.99"),
        (["perspective=0.7"], "at most 0.6"),
        (["greyscale=1.5"], "at most 1"),
        (["scale=[1.2,0.8]"], "smallest <= largest"),
        (["scale=[0,1]"], "scale wants 0 <"),
        (["view_blur=[2,1]"], "view_blur"),
        (["views=0"], "at least 1"),
        (["octave_scale=0.5"], "at least 1"),
        (["tv_power=0.5"], "at least 1"),
        (["bilateral_range=0"], "above 0"),
        (["padding=black"], "reflection, grey"),
        (["latent=[3,1.5]"], "whole numbers"),
        (["latent=[inf]"], "whole numbers"),
        (["latent=64"], "a list of"),
        (["gamma=0"], "gamma"),
        (["noise=nan"], "zero or more"),
        (["steps"], "KEY=VALUE"),
    ],
)
def test_mistakes_are_named(pairs, told):
    """An unknown key, a wrong kind or range, each in one line with the way out."""
    with pytest.raises(UserError, match=told) as raised:
        load_recipe("paper", parse_changes(pairs))
    assert "\n" not in str(raised.value)


COUNTS = (
    "steps", "snapshots", "members", "top_k", "levels", "cppn_width", "cppn_depth", "views", "octaves", "octave_scale",
    "octave_decay", "lp_power", "tv_power", "blur_every", "bilateral_every", "denoise_every", "brightness_every",
)  # fmt: skip
ABOVE_ZERO = ("gamma", "bilateral_range")
LARGEST = {"greyscale": 1.0, "perspective": 0.6, "shared": 0.99}


def numbers():
    """Every key of a number or a schedule."""
    values = Recipe("x").values()
    return [key for key, value in values.items() if isinstance(value, int | float) and not isinstance(value, bool)]


@pytest.mark.parametrize("key", numbers())
def test_every_number_has_its_limits(key):
    """The least and the largest allowed are taken, what lies beyond is refused, and so are other kinds."""
    least = 1 if key in COUNTS else 1e-9 if key in ABOVE_ZERO else 0
    beyond = [
        least - 0.5 if isinstance(getattr(Recipe("x"), key), float) else least - 1,
        float("nan"),
        float("inf"),
        True,
        "a",
    ]
    assert getattr(Recipe("x", **{key: least}), key) == least
    if key in LARGEST:
        assert getattr(Recipe("x", **{key: LARGEST[key]}), key) == LARGEST[key]
        beyond.append(LARGEST[key] + 0.001)
    for value in beyond:
        with pytest.raises(UserError, match=f"recipe value {key} ") as raised:
            Recipe("x", **{key: value})
        assert "\n" not in str(raised.value)


def test_a_changed_recipe_is_checked_too():
    """In Python as in words: a value that is replaced, an unknown key with those near it, and the kind of a number."""
    recipe = load_recipe("paper")
    assert replace(recipe, lr=[3, 1]).lr == (3.0, 1.0)
    assert isinstance(replace(recipe, lr=3).lr, float)
    assert isinstance(replace(recipe, steps=7.0).steps, int)
    with pytest.raises(UserError, match="at least 1, not 0"):
        replace(recipe, steps=0)
    with pytest.raises(UserError, match="no 'stepz'; did you mean 'steps"):
        Recipe("x", stepz=3)
    with pytest.raises(UserError, match="recipe value name"):
        Recipe("")
    with pytest.raises(FrozenInstanceError):
        recipe.steps = 3


def test_a_shape_is_a_list_of_any_length():
    """The latent of a prior comes as a list and goes back as one."""
    recipe = load_recipe("lucid", parse_changes(["canvas=prior", "prior=gan.py:decoder", "latent=[8, 2, 2]"]))
    assert recipe.latent == (8, 2, 2)
    assert recipe.prior == "gan.py:decoder"
    assert recipe_from(recipe.as_dict(), "") == recipe


def test_recipes_for_facets():
    """Recipes whose objective comes from the command, or which start from a photo, are refused for facets alone."""
    for name in ("distribution", "paper", "reference", "lucid", "maco"):
        check_for_facets(load_recipe(name))
    with pytest.raises(UserError, match="starts from a photo"):
        check_for_facets(load_recipe("deepdream"))
    with pytest.raises(UserError, match="at least one of match"):
        check_for_facets(load_recipe("class"))


def test_unknown_recipe_lists_those_there_are(tmp_path):
    """A wrong name, a missing file, and a file that is no TOML."""
    with pytest.raises(UserError, match="paper"):
        load_recipe("papre")
    with pytest.raises(UserError, match="does not exist"):
        load_recipe(str(tmp_path / "none.toml"))
    (tmp_path / "bad.toml").write_text("steps = = 3")
    with pytest.raises(UserError, match="TOML"):
        load_recipe(str(tmp_path / "bad.toml"))


def test_schedules_meet_both_ends():
    """The first step has the start, the last the end, and the middle the mean; one step alone has the start."""
    schedule = Schedule(0.5, 0.1)
    assert [schedule.at(progress_of(step, 5)) for step in (0, 2, 4)] == pytest.approx([0.5, 0.3, 0.1])
    assert schedule.at(progress_of(0, 1)) == 0.5


def test_a_single_value_is_constant():
    """A plain number is a schedule that stays."""
    assert Recipe("x", lr=0.3).schedule("lr") == Schedule(0.3, 0.3)
