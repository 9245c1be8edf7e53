"""Norms of the picture as objectives: one number per image, of the addresses that they name."""

import torch

from mindseye.optimize.compose import image_terms
from mindseye.optimize.objectives.norms import AlphaArea, PowerNorm, VariationNorm
from mindseye.optimize.objectives.objective import ALPHA, CANVAS
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.regularizers.functional import power_norm, total_variation, variation_norm


def test_norms_read_what_they_name():
    """Each reads its own address alone, and gives the function's value per image."""
    images, alpha = torch.rand(3, 7, 6, 6), torch.rand(3, 1, 6, 6)
    for objective, address, seen, expected in [
        (PowerNorm(6.0), CANVAS, images, power_norm(images, 6.0)),
        (VariationNorm(2.0), CANVAS, images, variation_norm(images, 2.0)),
        (AlphaArea(), ALPHA, alpha, torch.stack([plane.mean() for plane in alpha])),
    ]:
        assert objective.layers == (address,)
        torch.testing.assert_close(objective({address: seen}), expected)


def test_terms_of_the_image_have_the_recipes_weights():
    """L1, L_p and total variation with their schedules; a power of 1 keeps the absolute differences."""
    images = torch.rand(2, 3, 6, 6)
    recipe = Recipe("x", total_variation=(2.0, 1.0), tv_power=2.0, l1=0.5, lp=(0.0, 3.0), lp_power=4.0)
    terms = {term.name: term for term in image_terms(recipe)}
    assert {name: (term.weight.start, term.weight.end) for name, term in terms.items()} == {
        "total variation": (2.0, 1.0),
        "L1": (0.5, 0.5),
        "Lp": (0.0, 3.0),
    }
    found = {name: term.objective({CANVAS: images}) for name, term in terms.items()}
    torch.testing.assert_close(found["L1"], (2 * images - 1).abs().mean((1, 2, 3)))
    torch.testing.assert_close(found["Lp"], ((2 * images - 1) ** 4).mean((1, 2, 3)))
    torch.testing.assert_close(found["total variation"], variation_norm(images, 2.0))
    plain = image_terms(Recipe("x", total_variation=1.0))[0].objective({CANVAS: images})
    assert torch.equal(plain, total_variation(images))
