"""The documentation: commands that parse, links that lead somewhere, and no key, command or option left out."""

import argparse
import re
import shlex
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from mindseye.cli.main import build_parser
from mindseye.optimize.canvases.compose import CANVASES
from mindseye.optimize.recipe.files import recipe_names
from mindseye.optimize.recipe.kinds import Scheduled
from mindseye.optimize.recipe.recipe import Recipe

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
SHARED = "visualize"
"""The page of the options that several commands have."""


def subcommands():
    """The parser of each command, by name."""
    (action,) = (one for one in build_parser()._actions if isinstance(one, argparse._SubParsersAction))
    return action.choices


def commands_in(text):
    """Every command line of the blocks of a page; lines of a shell may hold several, and redirect or end in a comment."""
    indented = re.findall(r"^ {4,}(.*)$", text, re.MULTILINE)
    fenced = [
        line
        for block in re.findall(r"^```(?:sh|console)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    parts = [part.strip() for line in [*indented, *fenced] for part in re.split(r"&&|;|\|(?!\|)", line)]
    return [part.partition(">")[0].strip() for part in parts if part.startswith("mindseye ")]


def spoken_in(text):
    """Every command that a page names in its sentences and tables, ``mindseye NAME ...`` between backticks, as words."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [shlex.split(words) for words in re.findall(r"`mindseye ([a-z][^`]*)`", prose)]


def slug(heading):
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page):
    """All anchors of a page: its headings, and what the site makes from docstrings, which is anchored by its name."""
    text = page.read_text("utf-8")
    headings = {slug(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    return headings | set(re.findall(r"^::: ([\w.]+)$", text, re.MULTILINE))


def key_rows():
    """The rows of the tables of recipe keys: key, range, default, meaning, source; the keys without backticks."""
    lines = (DOCS / "recipe.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return [[row[0].strip("`"), *row[1:]] for row in rows if len(row) == 5]


@pytest.mark.parametrize(
    ("page", "line"),
    [(page.name, line) for page in PAGES for line in commands_in(page.read_text("utf-8"))],
)
def test_every_command_line_parses(page, line):
    """The real parser takes each line as it stands."""
    words = shlex.split(line, comments=True)
    assert build_parser().parse_args(words[1:]).act is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_sentences_exist(page):
    """A command that is named in passing exists, and so does each of its options."""
    parsers = subcommands()
    for name, *words in spoken_in(page.read_text("utf-8")):
        assert name in parsers
        for word in words:
            assert not word.startswith("--") or word in parsers[name]._option_string_actions


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_resolve(page):
    """A link or picture leads to a file that is there, and to a heading that it has."""
    text = page.read_text("utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    for link in links:
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("name", sorted(subcommands()))
def test_every_command_has_a_page(name):
    """The page is there, shows the command, and stands in the index and in the README."""
    text = (DOCS / f"{name}.md").read_text("utf-8")
    assert text.startswith(f"# mindseye {name}\n")
    assert any(line.startswith(f"mindseye {name}") for line in commands_in(text))
    assert f"({name}.md)" in (DOCS / "README.md").read_text("utf-8")
    assert f"(docs/{name}.md)" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(subcommands()))
def test_every_option_is_described(name):
    """Each option stands on the command's own page, or on that of the options which commands share."""
    text = (DOCS / f"{name}.md").read_text("utf-8") + (DOCS / f"{SHARED}.md").read_text("utf-8")
    options = [option for option in subcommands()[name]._option_string_actions if option.startswith("--")]
    described = set(re.findall(r"--[a-z][a-z0-9-]*", text))
    assert set(options) - {"--help"} <= described


def test_every_recipe_key_has_its_row():
    """Each key of a recipe stands in a table once, with its own default, and no other key does."""
    keys = {key: list(value) if isinstance(value, tuple) else value for key, value in Recipe("any").values().items()}
    assert sorted(key for key, *_ in key_rows()) == sorted(keys)
    for key, _, default, *_ in key_rows():
        if key != "name":
            assert tomllib.loads(f"value = {default.strip('`')}")["value"] == keys[key], key


def test_the_kind_of_each_recipe_key_is_told():
    """Numbers that may run from a start to an end are called scheduled, no others are; words to choose from are all named."""
    kinds = {field.name: field.type for field in fields(Recipe)}
    choices = {key: get_args(kind) for key, kind in kinds.items() if get_origin(kind) is Literal} | {"canvas": CANVASES}
    for key, wanted, *_ in key_rows():
        assert ("scheduled" in wanted) == (kinds[key] == Scheduled), key
        assert key not in choices or set(re.findall(r"`(\w+)`", wanted)) == set(choices[key])


def test_every_recipe_is_listed():
    """Each recipe that comes along stands in the table of recipes."""
    text = (DOCS / "recipe.md").read_text("utf-8")
    assert all(f"| `{name}` |" in text for name in recipe_names())
