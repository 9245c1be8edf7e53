"""The methods by name: which are meant, what a network allows, whose numbers count, and their checks together."""

import pytest
import torch
from explained import DICE, SIDE, Gated, images, plain, scored, surveyed
from nets import ChannelsLast, TinyConv, TinyTokens, seeded

from mindseye.attribution.backpropagation import backpropagation
from mindseye.attribution.checks import chance, check
from mindseye.attribution.curves import deletion, insertion
from mindseye.attribution.gradients import saliency
from mindseye.attribution.methods import (
    METHODS,
    MethodContext,
    Settings,
    check_settings,
    method_names,
    pixel_ranks,
    prepare,
    takes_all,
    unused_settings,
)
from mindseye.attribution.perturbation import MaskSettings, perturbation
from mindseye.attribution.sanity import randomise_cascade
from mindseye.attribution.score import class_probability
from mindseye.errors import UserError


def scene(network, side=SIDE, **settings):
    score = scored(network, side=side)
    return MethodContext(score, surveyed(score, side), side, Settings(**settings))


def test_names_with_commas_and_one_by_one():
    assert method_names("lrp, cam,lrp") == ["lrp", "cam"]
    assert method_names(["lrp", "cam,saliency"]) == ["lrp", "cam", "saliency"]
    assert method_names("lrp,all") == list(METHODS)
    assert takes_all(["lrp", "cam, all"])
    assert not takes_all("lrp")
    for words in ("", ",", []):
        with pytest.raises(UserError, match="at least one"):
            method_names(words)
    with pytest.raises(UserError, match="did you mean 'occlusion'"):
        method_names("oclusion")


@pytest.mark.parametrize(
    ("network", "side", "refused"),
    [
        (lambda: seeded(TinyConv), SIDE, {}),
        (plain, SIDE, {"cam": "take 'grad-cam'"}),
        (lambda: seeded(Gated), SIDE, {"lrp": "'gate'"}),
        (lambda: seeded(TinyTokens), 32, {"lrp": "'blocks.0", "cam": "take 'grad-cam'"}),
        (
            lambda: seeded(ChannelsLast),
            32,
            {"lrp": "'norm'", "deconvnet": "'gelu'", "guided-backprop": "'gelu'", "cam": "take 'grad-cam'"},
        ),
    ],
)
def test_what_a_network_allows(network, side, refused):
    """The others are refused by the name of the module, or with the method to take instead."""
    allowed, reasons = prepare(list(METHODS), scene(network(), side, steps=2))
    assert set(reasons) == set(refused)
    for name, reason in refused.items():
        assert reason in reasons[name]
    for name, ask in allowed.items():
        found = ask(scored(network(), [1, 2], side), images(side=side), DICE)
        assert found.method == name
        assert found.map.shape == (2, side, side)


def test_numbers_reach_their_methods():
    """A method's own where none is given."""
    score = scored(plain())
    asked, _ = prepare(["perturbation", "occlusion", "integrated-gradients", "lrp"], scene(plain(), steps=3, gamma=0.5))
    found = {name: ask(score, images(), DICE).settings for name, ask in asked.items()}
    assert found["perturbation"]["steps"] == found["integrated-gradients"]["steps"] == 3
    assert (found["perturbation"]["fill"], found["occlusion"]["fill"]) == ("blur", "mean")
    assert (found["occlusion"]["box"], found["occlusion"]["stride"]) == ([2, 2], [1, 1])
    asked, _ = prepare(["perturbation", "lrp"], scene(plain(), steps=3, game="preservation", rule="gamma", gamma=0.5))
    expected = perturbation(score, images(), DICE, MaskSettings(game="preservation", steps=3)).map
    torch.testing.assert_close(asked["perturbation"](score, images(), DICE).map, expected)
    assert asked["lrp"](score, images(), DICE).settings["gamma"] == 0.5


def test_numbers_that_nobody_looks_at():
    given = Settings(box=(3, 3), steps=2, epsilon=0.1)
    assert unused_settings(given, ["saliency"]) == ["box", "steps", "epsilon"]
    assert unused_settings(given, ["lrp", "occlusion"]) == ["steps"]
    assert unused_settings(Settings(), ["saliency"]) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"box": (17, 4)}, "17 px high"),
        ({"box": (4, 4), "stride": (4, 5)}, "5 px"),
        ({"fill": "plaid"}, "plaid"),
        ({"baseline": "2"}, "'2'"),
        ({"steps": 0}, "1 step"),
        ({"game": "chess"}, "chess"),
        ({"rule": "alpha"}, "alpha"),
        ({"gamma": 0.0}, "above 0"),
        ({"batch": 0}, "at least 1"),
    ],
)
def test_impossible_numbers(settings, told):
    with pytest.raises(UserError, match=told):
        check_settings(Settings(**settings), SIDE, images(1))


def test_gradients_are_ranked_by_their_size():
    """Their sign says which way a pixel should change."""
    score = scored(plain())
    signed = backpropagation(score, images(), "backprop")
    assert torch.equal(pixel_ranks(signed), signed.map.abs())
    unsigned = saliency(score, images())
    assert torch.equal(pixel_ranks(unsigned), unsigned.map)


def test_checks_are_those_of_their_own_modules():
    """Both curves of the probability, and the correlations; beside them the curves of a random order."""
    score = scored(plain(), [4, 0])
    layers, found = surveyed(score), saliency(score, images())
    asked = []

    def ask(other, pixels, random):
        asked.append(other)
        return saliency(other, pixels)

    rows = check(ask, found, score, images(), DICE, layers, seed=1, is_class=True)
    forgot = randomise_cascade(score, layers, lambda other: saliency(other, images()), seed=1)
    assert len(asked) == len(forgot.modules)
    for curve, name in ((deletion, "deletion"), (insertion, "insertion")):
        expected = curve(score, images(), found.map, DICE, value=class_probability)
        for index, row in enumerate(rows):
            assert row[name]["area"] == pytest.approx(float(expected.area[index]))
            assert row[name]["values"] == pytest.approx(expected.values[index].tolist())
    for index, row in enumerate(rows):
        assert row["forgetting"]["modules"] == list(forgot.modules)
        assert row["forgetting"]["absolute"] == pytest.approx(forgot.absolute[index].tolist())
    random = DICE.uniform(0, "chance", SIDE, SIDE)
    expected = deletion(score, images(), random, DICE)
    by_chance = chance(score, images(), DICE, is_class=False)
    assert [row["deletion"]["area"] for row in by_chance] == pytest.approx(expected.area.tolist())


def test_a_method_that_fails_where_the_network_has_forgotten_says_so():
    score = scored(plain())
    found = saliency(score, images())

    def ask(other, pixels, random):
        raise UserError("the map is NaN")

    rows = check(ask, found, score, images(), DICE, surveyed(score), seed=1, is_class=True)
    assert [row["forgetting"] for row in rows] == [{"reason": "the map is NaN"}] * 2
    assert all("deletion" in row for row in rows)
