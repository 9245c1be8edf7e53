"""How figures look: the colours of light and of dark paper, and the kinds of files that are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mindseye.errors import UserError
from mindseye.report.drawing import Colour, Paint, Role
from mindseye.report.palette import facet_colour
from mindseye.wording import did_you_mean


@dataclass(frozen=True)
class Theme:
    """Colours by what they are for."""

    name: str
    colours: Mapping[Role, Colour]

    def paint(self, colour: Paint) -> Colour:
        """The colour of a role; a colour as it is."""
        return self.colours[colour] if isinstance(colour, str) else colour

    def facet(self, index: int) -> Colour:
        """The colour of a facet; of photos of no facet where ``index`` is below zero."""
        return self.colours["noise"] if index < 0 else facet_colour(index, dark=self.name == "dark")


LIGHT = Theme(
    "light",
    {
        "paper": (255, 255, 255),
        "raised": (240, 239, 236),
        "rule": (218, 217, 213),
        "faint": (98, 101, 110),
        "ink": (24, 25, 29),
        "warning": (168, 88, 0),
        "noise": (140, 143, 152),
        "members": (179, 107, 0),
        "start": (128, 131, 140),
        "channel": (38, 116, 176),
        "null": (112, 115, 124),
        "band": (226, 227, 231),
    },
)
DARK = Theme(
    "dark",
    {
        "paper": (17, 18, 21),
        "raised": (34, 36, 42),
        "rule": (54, 57, 65),
        "faint": (142, 147, 158),
        "ink": (238, 239, 242),
        "warning": (255, 178, 62),
        "noise": (96, 100, 110),
        "members": (250, 196, 92),
        "start": (128, 134, 148),
        "channel": (96, 178, 224),
        "null": (142, 147, 158),
        "band": (46, 49, 57),
    },
)
FigureWords = str | Sequence[str] | None
"""How figures look and what they are written as besides PNG: ``light`` (the default) or ``dark``, ``svg``, ``pdf``; with commas
between, or as a list."""
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}
FORMATS = ("png", "svg", "pdf")


@dataclass(frozen=True)
class FigureStyle:
    """The theme of a run's figures, and what they are written as besides PNG."""

    theme: Theme = LIGHT
    formats: tuple[str, ...] = ()

    @classmethod
    def of(cls, words: FigureWords) -> "FigureStyle":
        """The style that words name, with commas between or as a list: ``light`` or ``dark``, ``png``, ``svg``, ``pdf``.

        Raises:
            UserError: for any other word, and for both themes at once.
        """
        given = words.split(",") if isinstance(words, str) else list(words or ())
        if not all(isinstance(word, str) for word in given):
            raise UserError(f"figures are words such as dark or svg, not {words!r}")
        named = [word.strip().lower() for word in given if word.strip()]
        themes = list(dict.fromkeys(word for word in named if word in THEMES))
        for word in named:
            if word not in THEMES and word not in FORMATS:
                raise UserError(f"figures are {', '.join([*THEMES, *FORMATS])}, not {word!r}{_near(word)}")
        if len(themes) > 1:
            raise UserError("figures are light or dark, not both")
        formats = tuple(kind for kind in FORMATS if kind in named and kind != "png")
        return cls(THEMES[themes[0]] if themes else LIGHT, formats)

    def words(self) -> list[str]:
        """The words that name it."""
        return [self.theme.name, *self.formats]


def _near(word: str) -> str:
    import difflib

    question = did_you_mean(difflib.get_close_matches(word, [*THEMES, *FORMATS], n=1))
    return f"; {question}" if question else ""
