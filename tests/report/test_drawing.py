"""Type, colours and shapes of the sheets."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindseye.report.drawing import shorten, wrap
from mindseye.report.palette import facet_colour
from mindseye.report.sheet import Sheet
from mindseye.report.theme import DARK, LIGHT
from mindseye.report.typeface import printable, text_width

WHITE = (255, 255, 255)
BLACK = replace(DARK, colours={**DARK.colours, "paper": (0, 0, 0)})


@settings(max_examples=150)
@given(st.text(st.characters(), max_size=60), st.integers(30, 400))
def test_shortened_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    """Any name, halves of surrogates included, fits its room; what fits already stays as it is."""
    whole, short = printable(text), shorten(text, width, 20)
    assert text_width(short, 20) <= width
    if text_width(whole, 20) <= width:
        assert short == whole
    else:
        head, tail = short.rsplit("…", 1) if not short.endswith("…") else (short[:-1], "")
        assert whole.startswith(head)
        assert whole.endswith(tail)
        assert abs(len(head) - len(tail)) <= 1


def test_shortened_text_is_the_longest_that_fits() -> None:
    """One more letter on either side would be too wide."""
    name = "a" * 80
    for width in (60, 100, 170):
        short = shorten(name, width, 20)
        assert text_width(short + "a", 20) > width


def test_control_characters_are_marked_and_lines_joined() -> None:
    """A name with a line break or a control character stays on its line and can be drawn."""
    assert printable("a\nb\x07c\udcff") == "a b\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}"


def test_wrapped_lines_hold_all_words_that_fit() -> None:
    """Words keep their order, no line is too wide, and only the last is shortened."""
    text = "turned NaN or left its bounds between steps 11 and 20"
    lines = wrap(text, 160, 18, 9)
    assert " ".join(lines) == text
    assert all(text_width(line, 18) <= 160 for line in lines)
    short = wrap(text, 160, 18, 2)
    assert len(short) == 2
    assert "…" in short[1]
    assert wrap("", 100, 18, 3) == [""]


def test_forty_facets_have_forty_colours_that_stand_out() -> None:
    """The first eight differ plainly, no two of forty are alike, and each is a contrast of 4 : 1 to the paper (WCAG 2)."""
    colours = np.array([facet_colour(index) for index in range(40)], dtype=float)
    apart = np.linalg.norm(colours[:, None] - colours[None], axis=-1) + 1e9 * np.eye(40)
    assert apart[:8, :8].min() > 60
    assert apart.min() > 8
    assert ((luminance(colours) + 0.05) / (luminance(np.array(DARK.paint("paper"), dtype=float)) + 0.05)).min() > 4


def luminance(colours: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB colours, as WCAG 2 defines it."""
    shares = colours / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("radius", [3.0, 7.5, 20.0])
def test_disc_covers_pi_r_squared(radius: float) -> None:
    """Smooth edges keep the area of a true disc within two percent, of the smallest within four."""
    sheet = Sheet(60, 60, BLACK)
    with sheet.smooth(0, 0, 60, 60) as brush:
        brush.disc(30, 30, radius, WHITE)
    area = np.asarray(sheet.image.convert("L"), dtype=float).sum() / 255
    assert area == pytest.approx(math.pi * radius**2, rel=0.02 if radius > 5 else 0.04)


def test_dashes_cover_half_of_the_line() -> None:
    """Dashes and gaps are equally long, and end where the line ends."""
    sheet = Sheet(220, 20, BLACK)
    with sheet.smooth(0, 0, 220, 20) as brush:
        brush.dashes([(10, 10), (210, 10)], WHITE, 4, 5)
    row = np.asarray(sheet.image.convert("L"), dtype=float)[9]
    assert row.sum() / 255 == pytest.approx(100, rel=0.06)
    assert not row[:9].any()
    assert not row[212:].any()


def test_brush_works_in_the_coordinates_of_the_sheet() -> None:
    """A shape drawn through a box far from the corner lands where the same shape lands through the whole sheet."""
    whole, part = Sheet(80, 80), Sheet(80, 80)
    with whole.smooth(0, 0, 80, 80) as brush:
        brush.box(50, 40, 20, 10, WHITE, 3)
    with part.smooth(44, 32, 30, 30) as brush:
        brush.box(50, 40, 20, 10, WHITE, 3)
    assert np.array_equal(np.asarray(whole.image), np.asarray(part.image))


def test_text_stays_within_its_width() -> None:
    """A long label colours no pixel to the right of the room that it was given."""
    sheet = Sheet(300, 40)
    sheet.text(10, 5, "a very long label " * 5, 20, width=120)
    columns = np.flatnonzero((np.asarray(sheet.image) != np.array(LIGHT.paint("paper"))).any((0, 2)))
    assert columns.min() >= 9
    assert columns.max() <= 131
