"""The colours of facets as the page's style sheets read them: one for light, one for dark, and the shape of the facet's mark."""

from mindseye.report.palette import COLOURS, facet_colour, facet_mark, hex_colour

SHAPES = {
    "square": "inset(5% round 0)",
    "triangle": "polygon(50% 0, 100% 96%, 0 96%)",
    "diamond": "polygon(50% 0, 100% 50%, 50% 100%, 0 50%)",
}
"""What a dot is cut to beside a name."""
NOISE = "--on-light:#6a6d76;--on-dark:#8b8f9a"
"""Of photos of no facet."""


def facet_properties(index: int) -> dict[str, str]:
    """The custom properties of an element in the colour of a facet."""
    properties = {
        "--on-light": hex_colour(facet_colour(index, dark=False)),
        "--on-dark": hex_colour(facet_colour(index, dark=True)),
    }
    mark = facet_mark(index)
    return properties if mark == "disc" else properties | {"--mark": SHAPES[mark], "--corner": "0"}


def colour_style(index: int) -> str:
    """The same as a style."""
    return ";".join(f"{name}:{value}" for name, value in facet_properties(index).items())


def every_colour() -> list[dict[str, str]]:
    """Those of all facets that differ in colour or mark, in order; further ones begin anew."""
    return [facet_properties(index) for index in range(COLOURS)]
