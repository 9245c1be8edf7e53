"""The three measures as anybody may call them: on plain tensors, with their defaults; wrong types are told by name."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity

from mindseye.errors import UserError
from mindseye.measure.fidelity import fidelity
from mindseye.measure.naturalness import naturalness, spectrum_slope
from mindseye.measure.neighbourhood import index_photos, neighbourhood


def draws(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(len(shape)))


def test_fidelity_without_channels_is_over_all():
    """One target serves all pictures; the top-k may be one row for all, as a list."""
    means, target = draws(3, 7), draws(1, 7)
    over_all = fidelity(means, target)
    assert torch.equal(over_all["cosine"], over_all["cosine_all"])
    assert torch.allclose(over_all["cosine"], cosine_similarity(means, target.expand(3, -1)))
    few = fidelity(means, target, [5, 0])
    assert torch.allclose(few["cosine"], cosine_similarity(means[:, [5, 0]], target[:, [5, 0]].expand(3, -1)))


def test_naturalness_without_a_folder_is_beside_the_members():
    """The members themselves have 1, 1 and 0 on average."""
    photos = draws(5, 3, 24, 24)
    own = naturalness(photos, photos)
    assert float(own["spectrum_slope"].mean()) == pytest.approx(0, abs=1e-9)
    assert float(own["total_variation"].mean()) == pytest.approx(1, abs=1e-6)
    assert torch.equal(
        own["spectrum_slope"], naturalness(photos, photos, float(spectrum_slope(photos).mean()))["spectrum_slope"]
    )


def test_neighbourhood_of_plain_features():
    """Photos as a tensor are one folder and facet, all of them members; lists of indices serve as tensors do."""
    photos, queries = draws(9, 4), draws(2, 4)
    plain = neighbourhood(queries, photos)
    full = neighbourhood(queries, index_photos(photos, torch.zeros(9), torch.zeros(9)), 0, 0, torch.arange(9))
    assert all(torch.equal(plain[name], full[name]) for name in full)
    own = neighbourhood(photos[[3]], photos, members=[3, 4], selves=[3])
    assert float(own["copy"]) == pytest.approx(float(cosine_similarity(photos[3], photos[4], dim=0)))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: fidelity(np.zeros((2, 3)), draws(2, 3)), "means must be a torch tensor .*not ndarray"),
        (lambda: fidelity(draws(2, 3, 4), draws(2, 3)), r"means must have the axes \[B, C\], not the shape \[2, 3, 4\]"),
        (lambda: fidelity(draws(2, 3), draws(2, 4)), "means has 3 channels and targets 4"),
        (lambda: fidelity(draws(2, 3), draws(2, 3), [3]), "channels must be from 0 to 2, not 3 to 3"),
        (lambda: fidelity(draws(2, 3), draws(2, 3), [0.5]), "channels must be whole numbers, not torch.float"),
        (lambda: fidelity(draws(2, 3), draws(2, 3), "top"), "channels must be whole numbers, not str"),
        (lambda: fidelity(draws(2, 3), draws(2, 3), [[1], [1], [1]]), r"channels must have the axes \[2, k\]"),
        (lambda: naturalness((draws(2, 3, 8, 8) * 255).byte(), draws(2, 3, 8, 8)), "images must hold floating-point"),
        (lambda: naturalness(draws(2, 3, 8, 8), draws(3, 8, 8)), "members must have the axes"),
        (lambda: naturalness(draws(2, 3, 8, 8), draws(2, 3, 8, 8), "steep"), "folder_slope must be a number, not str"),
        (lambda: neighbourhood(draws(4), draws(9, 4)), "queries must have the axes"),
        (lambda: neighbourhood(draws(2, 4), [1, 2]), "photos must be a torch tensor .*not list"),
        (lambda: neighbourhood(draws(2, 4), draws(9, 5)), "queries has 4 channels and photos 5"),
        (lambda: neighbourhood(draws(2, 4), draws(9, 4), members=[9]), "members must be from 0 to 8"),
        (lambda: neighbourhood(draws(2, 4), draws(1, 4)), "at least 2"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_told_by_the_parameters_name(call, said):
    """One line that names the parameter, what it is and what it must be."""
    with pytest.raises(UserError, match=said):
        call()
