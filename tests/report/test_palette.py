"""The colours of facets: told apart by all readers, on both papers, and by their marks where colours return."""

import itertools

import numpy as np
import pytest

from mindseye.report.palette import COLOURS, DARK, LIGHT, facet_colour, facet_mark

color = pytest.importorskip("skimage.color", reason="scikit-image is not installed")

VISION = {
    "most readers": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
"""What they see of linear sRGB: Machado, Oliveira and Fernandes (IEEE TVCG 2009), severity 1."""
PAPERS = {False: ("#ffffff", "#fcfbf9", "#f3f1ed", "#eeeeec"), True: ("#121316", "#1c1e23", "#1f2023", "#22242a")}
"""What lies under dots and digits on pages and figures, by whether it is dark: paper, cards, and what is raised a little."""
SEEN = list(itertools.product((False, True), VISION))


def linear(colours: np.ndarray) -> np.ndarray:
    shares = colours / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def lab(colours: np.ndarray, vision: str) -> np.ndarray:
    """Colours, [N, 3] in [0, 255], as such a reader sees them."""
    seen = np.clip(linear(colours) @ VISION[vision].T, 0, 1)
    return color.rgb2lab(np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055))


def differences(dark: bool, vision: str, count: int) -> np.ndarray:
    """CIEDE2000 between any two of the first facets, [count, count]."""
    seen = lab(np.array([facet_colour(index, dark) for index in range(count)], dtype=float), vision)
    return color.deltaE_ciede2000(seen[:, None] + np.zeros_like(seen), seen[None] + np.zeros((count, 1, 1)))


def luminance(colours: np.ndarray) -> np.ndarray:
    """Relative luminance, as WCAG 2 defines it."""
    return linear(colours) @ np.array([0.2126, 0.7152, 0.0722])


def test_the_simulation_leaves_grey_grey_and_joins_red_and_green() -> None:
    """Rows of each matrix sum to 1; a red and a green of one lightness, far apart for most, come near each other."""
    pair = np.array([[200.0, 90, 60], [120, 130, 40]])
    apart = {}
    for name, matrix in VISION.items():
        assert matrix.sum(1) == pytest.approx([1, 1, 1], abs=1e-5)
        seen = lab(pair, name)
        apart[name] = float(color.deltaE_ciede2000(seen[0], seen[1]))
    assert apart["deuteranopia"] < apart["most readers"] / 3


@pytest.mark.parametrize(("dark", "vision"), SEEN)
def test_any_two_facets_that_may_touch_are_told_apart(dark: bool, vision: str) -> None:
    """On the map any two of a round may touch; those that follow each other stand side by side in every figure and table."""
    apart = differences(dark, vision, COLOURS)
    for first, second in itertools.combinations(range(COLOURS), 2):
        if facet_mark(first) == facet_mark(second):
            assert apart[first, second] > 10, (first, second)
    assert np.diagonal(apart, 1).min() > 20


@pytest.mark.parametrize("dark", [False, True])
def test_dots_and_digits_stand_out_from_the_paper(dark: bool) -> None:
    """At least 3 : 1 (WCAG 2, 1.4.11) on all that lies under them."""
    own = luminance(np.array([facet_colour(index, dark) for index in range(COLOURS)], dtype=float))
    under = luminance(
        np.array([[int(text[at : at + 2], 16) for at in (1, 3, 5)] for text in PAPERS[dark]], dtype=float)
    )
    high, low = np.maximum(own[:, None], under), np.minimum(own[:, None], under)
    assert ((high + 0.05) / (low + 0.05)).min() >= 3


def test_a_facet_has_about_the_same_hue_on_both_papers() -> None:
    """Who switches from dark to light finds the facets again."""
    for light, dark in zip(LIGHT, DARK, strict=True):
        hues = []
        for text in (light, dark):
            _, a, b = color.rgb2lab(np.array([int(text[at : at + 2], 16) for at in (1, 3, 5)]) / 255)
            hues.append(np.arctan2(b, a))
        assert np.cos(hues[0] - hues[1]) > 0.8, (light, dark)


def test_marks_tell_apart_where_colours_return() -> None:
    """No two of the first forty facets share colour and mark."""
    pairs = {(LIGHT[index % len(LIGHT)], facet_mark(index)) for index in range(COLOURS)}
    assert len(pairs) == COLOURS == 40
    assert {facet_mark(index) for index in range(10)} == {"disc"}
