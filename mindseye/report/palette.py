"""The colours and marks of facets, on light and on dark paper, told apart by readers who see red and green alike.

The ten colours of each paper were searched for with the colour vision of most readers, of deuteranopes and of protanopes, simulated
by the matrices of Machado, Oliveira and Fernandes ("A Physiologically-based Model for Simulation of Color Vision Deficiency",
IEEE TVCG 2009): the smallest CIEDE2000 difference of any two of them, and that of neighbours in their order, as large as they get,
at a contrast of 3 : 1 (WCAG 2) at least to the paper. A facet has about the same hue on both papers (held to in
``tests/report/test_palette.py``). From the eleventh facet on the colours return with another mark.
"""

from mindseye.report.drawing import Colour

LIGHT = ("#00939e", "#73231b", "#6d0274", "#108564", "#2149d6", "#cc3c53", "#756af4", "#af7b08", "#8c426f", "#6b6100")
DARK = ("#11eefb", "#af6432", "#af589d", "#6df9be", "#85a8ff", "#f4697c", "#1976f8", "#bda202", "#d987b1", "#f6e540")
MARKS = ("disc", "square", "triangle", "diamond")
COLOURS = len(DARK) * len(MARKS)
ON_LIGHT, ON_DARK = 0.045, 0.06
"""How far each round of the colours moves to black or white, so that no two facets of forty are quite alike."""


def facet_colour(index: int, dark: bool = True) -> Colour:
    """Colour of facet ``index``. dark: on dark paper, else on light."""
    colours = DARK if dark else LIGHT
    text, away = colours[index % len(colours)], (ON_DARK if dark else ON_LIGHT) * _round(index)
    ink = 255 if dark else 0
    red, green, blue = (round(int(text[at : at + 2], 16) * (1 - away) + ink * away) for at in (1, 3, 5))
    return red, green, blue


def facet_mark(index: int) -> str:
    """Shape of the facet's points, one of ``MARKS``."""
    return MARKS[_round(index)]


def hex_colour(colour: Colour) -> str:
    """A colour as style sheets write it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _round(index: int) -> int:
    return index // len(DARK) % len(MARKS)
