"""What a recipe matches, and what each matched layer weighs."""

from dataclasses import replace

import torch
from nets import TinyTokens, seeded

from mindseye.facets.image import COLOUR, DETAIL, ENERGY, RGB
from mindseye.facets.joint import is_joint
from mindseye.facets.target import build_target
from mindseye.layers.layer import find_layer
from mindseye.layers.survey import survey
from mindseye.optimize.compose import layers_to_match, match_terms
from mindseye.optimize.recipe.recipe import Recipe

RECIPE = Recipe("x", match=(4.0, 2.0), match_rgb=0.5, match_detail=3.0)


def test_layers_to_match_are_the_image_then_stages_or_blocks():
    """Of a transformer of one width every block is below, of its stages only some; without stages the target alone."""
    network = seeded(TinyTokens)
    layers = survey(network, 32)
    target = find_layer(layers, "blocks.6")
    image = [RGB, *DETAIL]
    blocks = layers_to_match(replace(RECIPE, match_blocks=True), network, layers, target)
    assert [address for address in blocks if address.startswith("blocks")] == [f"blocks.{block}" for block in range(7)]
    stages = layers_to_match(RECIPE, network, layers, target)
    assert set(stages) < set(blocks)
    assert stages[: len(image)] == blocks[: len(image)] == image
    assert layers_to_match(replace(RECIPE, match_stages=False), network, layers, target) == [*image, "blocks.6"]
    assert layers_to_match(replace(RECIPE, match=0.0), network, layers, target) == []
    joint = layers_to_match(replace(RECIPE, match_joint=0.5), network, layers, target)
    assert [address for address in joint if not is_joint(address)] == stages
    assert {address.partition("/")[0] for address in joint if is_joint(address)} == {*stages[len(image) : -1]}


def test_each_layer_of_the_network_weighs_one_and_the_others_what_the_recipe_gives():
    addresses = (RGB, COLOUR, ENERGY[1], "a", "b", "c", "a/directions", "a/neighbours/2", "a/neighbours/4")
    targets = {address: build_target(address, torch.rand(2, 3, 9), 2) for address in addresses}
    terms = match_terms(replace(RECIPE, match_colour=1.0, match_joint=0.25, match_energy=(0.0, 1.5)), targets)
    weights = {term.name: (term.weight.start, term.weight.end) for term in terms}
    assert weights["match rgb"] == (2.0, 1.0)
    assert weights["match detail/1/energy"] == (0.0, 3.0)
    assert [weights[f"match {address}"] for address in ("colour", "a", "b", "c")] == [(4.0, 2.0)] * 4
    assert [weights[f"match a/{joint}"] for joint in ("directions", "neighbours/2", "neighbours/4")] == [(1.0, 0.5)] * 3
