"""What the package offers: every public name is there, and every result shows itself as safe HTML."""

import ast
import re
import subprocess
import sys
from collections import OrderedDict
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import mindseye as me

DOCS = Path(__file__).parents[2] / "docs"
SIDE, NAME = 24, "<blink>&amp;"
"""What would be a tag, and an ampersand, if it were not escaped."""


def test_every_public_name_is_there():
    assert sorted(me.__all__) == dir(me)
    assert len(set(me.__all__)) == len(me.__all__)
    for name in me.__all__:
        assert getattr(me, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = me.nothing_of_the_kind


def test_type_checkers_see_the_same_names():
    """What stands under TYPE_CHECKING, and what is imported when it is asked for."""
    (block,) = (node for node in ast.parse(Path(me.__file__).read_text()).body if isinstance(node, ast.If))
    seen = {alias.asname for node in block.body for alias in node.names}
    assert seen == set(me.__all__) - {"__version__"}


def test_the_reference_lists_every_name():
    """Where it lives."""
    told = set(re.findall("^::: (.+)$", (DOCS / "reference.md").read_text(), re.MULTILINE))
    public = [getattr(me, name) for name in set(me.__all__) - {"__version__", "measures"}]
    assert {f"{value.__module__}.{value.__qualname__}" for value in public} | {"mindseye.measures"} == told


@pytest.mark.parametrize("page", sorted(DOCS.glob("own-*.md")), ids=lambda page: page.stem)
def test_what_a_howto_names_is_public(page):
    """Every class that the page does not write itself."""
    text = page.read_text()
    named = set(re.findall(r"\bme\.(\w+)", text)) | set(re.findall(r"`([A-Z]\w+)[`(]", text))
    written = set(re.findall(r"^class (\w+)", text, re.MULTILINE)) | {"NAME", "TOML"}
    assert named - written <= set(me.__all__)


def test_no_room_hides_a_name():
    """Whatever was imported before: a module of the package becomes an attribute of it."""
    code = """
import pkgutil, types
import mindseye
for module in pkgutil.walk_packages(mindseye.__path__, "mindseye."):
    if not module.name.endswith("__main__"):
        __import__(module.name)
hidden = [name for name in mindseye.__all__ if isinstance(getattr(mindseye, name), types.ModuleType)]
assert hidden == ["measures"], hidden
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(me.__file__).parents[1])


class Tags(HTMLParser):
    """The tags of some HTML, its text, and the names of the attributes."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


def network():
    """One whose layer has that name."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        parts = {NAME: nn.Conv2d(3, 6, 3, stride=2), "relu": nn.ReLU(), "pool": nn.AdaptiveAvgPool2d(1)}
        made = nn.Sequential(OrderedDict(**parts, flat=nn.Flatten(), fc=nn.Linear(6, 2)))
    made.image_size = SIDE
    made.labels = [NAME, "bee"]
    return made.eval()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two classes of photos in folders; names of folders and photos are that name."""
    root = tmp_path_factory.mktemp("place") / NAME
    draw = np.random.default_rng(0)
    for folder in (NAME, "plain"):
        (root / folder).mkdir(parents=True)
        for number in range(8):
            pixels = draw.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / folder / f"{NAME} {number}.png")
    (root / f"broken {NAME}").mkdir()
    (root / f"broken {NAME}" / "half.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return root


class Judge(nn.Sequential):
    """Another network."""


@pytest.fixture(scope="module")
def results(place):
    """Each kind of result, small."""
    net, photos, out = network(), place / NAME, place.parent
    session = me.Session(net, cache=False)
    quick = {"steps": 1, "quiet": True, "size": SIDE}
    facets = session.facets(photos, NAME, 2)
    target = facets.target()
    judge = Judge(*network())
    judge[0].weight.data *= -1
    judge.image_size, judge.labels = SIDE, net.labels
    run = me.visualize(photos, net, NAME, facets=2, out=out / f"run {NAME}", **quick)
    atlas = me.atlas(place, net, layers=NAME, channels=2, facets=1, out=out / f"atlas {NAME}", cache=False, **quick)
    return {
        "Atlas": atlas,
        "ChannelPage": next(iter(atlas[NAME].values())),
        "Comparison": me.compare(atlas, atlas, quiet=True),
        "Session": session,
        "Layers": session.layers(),
        "Activations": session.activations(photos, NAME),
        "Facets": facets,
        "FacetTarget": target,
        "Pictures": session.paint(target, steps=1),
        "Pictures of an objective": session.paint(me.Channel(NAME, 1), steps=1),
        "Run": run,
        "RunLayer": run[NAME],
        "Explanations": me.explain(
            photos, net, target=f"class:{NAME}", method="saliency", out=out / "explain", quiet=True
        ),
        "Examples": me.examples(photos, net, layer=NAME, channels=[1], out=out / f"examples {NAME}", quiet=True),
        "Transfer": me.transfer(
            net,
            judge,
            classes=[NAME],
            paintings=1,
            copies=1,
            augmentation="none",
            out=out / f"transfer {NAME}",
            **quick,
        ),
        "Batch": me.batch(place, net, NAME, facets=2, out=out / f"batch {NAME}", cache=False, **quick),
    }


def test_every_result_is_safe_html(results):
    """The name is text wherever it stands; no tag, script or handler of it."""
    for kind, result in results.items():
        page = Tags(result._repr_html_())
        assert NAME in page.text, kind
        assert not page.tags & {"blink", "script"}, kind
        assert not any(name.startswith("on") for name in page.attributes), kind
        assert repr(result), kind


def test_tables(results):
    """What has rows is a pandas table, too."""
    for kind in (
        "Layers",
        "Activations",
        "Facets",
        "Pictures",
        "Run",
        "Explanations",
        "Examples",
        "Transfer",
        "Batch",
        "Atlas",
    ):
        assert len(results[kind].to_frame()) > 0, kind
    assert set(results["Facets"].to_frame().photo) <= set(results["Activations"].to_frame().index)
