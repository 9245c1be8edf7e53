"""A run as it shows itself in a notebook."""

import base64
import io
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mindseye.errors import UserError
from mindseye.report.notebook import Run
from mindseye.report.page.write import page_of
from mindseye.report.screen import first_screen
from mindseye.runs.folder import RunFolder


class Checker(HTMLParser):
    """Collects text and images, and notes every tag that is not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        if tag == "img":
            self.images.append(dict(attrs))
        elif tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def checked(html: str) -> Checker:
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert checker.open == []
    return checker


def test_screen_holds_its_pictures_itself(make_run) -> None:
    """Picture, members and one small picture per layer of each facet, all inlined and readable: nothing is fetched."""
    screen = checked(first_screen(make_run(layers=2, facets=3)))
    assert len(screen.images) == 3 * (1 + 1 + 2)
    for image in screen.images:
        head, data = str(image["src"]).split(",")
        with Image.open(io.BytesIO(base64.b64decode(data))) as decoded:
            assert head == f"data:image/{str(decoded.format).lower()};base64"
            wide = int(str(image["width"])) / int(str(image["height"]))
            assert decoded.width / decoded.height == pytest.approx(wide)


def test_screen_is_the_same_as_that_of_the_page(make_run) -> None:
    """Title, names, scores and map are those that the page opens with; one link leads on, to the page."""
    folder = make_run(layers=2, facets=3)
    screen, page = first_screen(folder), page_of(folder, RunFolder(folder).read())
    shared = re.findall(r"<span class=\"me-name\">.*?</span>|<b>.*?</b>|<circle .*?/>", screen)
    assert len(shared) > 3 + 24
    assert all(part in page for part in shared)
    assert "<a " not in screen
    (folder / "report.html").touch()
    (address,) = re.findall(r'<a href="([^"]*)"', first_screen(folder))
    assert address == (folder / "report.html").as_uri()
    assert "<script" not in screen


def test_the_link_is_relative_where_the_notebook_lies_beside(make_run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook server opens files by their place below its own; a folder may be called anything."""
    folder = make_run(layers=1)
    folder = folder.rename(folder.parent / 'a "run" #1')
    (folder / "report.html").touch()
    monkeypatch.chdir(folder.parent)
    assert '<a href="a%20%22run%22%20%231/report.html"' in first_screen(folder)


def test_names_are_escaped(make_run) -> None:
    """Labels, layers and folders are text, whatever they hold."""
    evil = "<script>alert('x')</script>\" onerror='y'"

    def rename(manifest: dict[str, Any]) -> None:
        manifest["layers"][0]["layer"] = manifest["model"]["name"] = manifest["recipe"]["name"] = evil
        manifest["layers"][0]["kind"] = manifest["images"]["root"] = evil
        manifest["layers"][0]["facets"][0]["label"] = evil

    screen = checked(first_screen(make_run(layers=1, change=rename)))
    assert "script" not in screen.names
    known = {"class", "width", "height", "alt", "src", "decoding", "title"}
    assert all(set(image) <= known for image in screen.images)
    assert "".join(screen.text).count("alert('x')") == 3


def test_random_weights_and_what_is_hidden_are_said(make_run) -> None:
    """At most 24 facets and eight layers of each are shown; the text says how many facets are not."""

    def untrained(manifest: dict[str, Any]) -> None:
        manifest["model"]["weights"] = "none"

    screen = checked(first_screen(make_run(layers=12, facets=27, images=27, snapshots=0, change=untrained)))
    text = "".join(screen.text)
    assert "random weights" in text
    assert "3 more facets" in text
    assert len(screen.images) == 24 * (1 + 1 + 8)
    titles = " ".join(str(image.get("title")) for image in screen.images)
    assert "blocks.0.1" in titles
    assert "blocks.11.1" in titles


def test_run_gives_pictures_and_failures(make_run) -> None:
    """Paths of what was painted, per layer, and a line for what was not."""

    def fail(manifest: dict[str, Any]) -> None:
        manifest["layers"][1]["facets"][2].update(status="failed", reason="turned NaN", picture=None)

    run = Run(make_run(layers=2, facets=3, change=fail))
    assert [len(paths) for paths in run.pictures.values()] == [3, 2]
    assert all(path.is_file() for paths in run.pictures.values() for path in paths)
    assert len(run.failures) == 1
    assert re.search(r"blocks\.1\.1.*2.*turned NaN", run.failures[0])
    assert run._repr_html_() == first_screen(run.path)


def test_layers_and_facets_are_typed_values(make_run) -> None:
    """By address and in order; the facets of a run are those of its deepest layer."""
    run = Run(make_run(layers=2, facets=3))
    assert [layer.name for layer in run.layers] == ["blocks.0.1", "blocks.1.1"]
    deepest = run["blocks.1.1"]
    assert run.facets == deepest.facets == run.manifest.layers[1].facets
    assert deepest.pictures == run.pictures["blocks.1.1"]
    assert run.facets[0].members[0].weight >= run.facets[0].members[-1].weight
    assert checked(deepest._repr_html_()).images[0]["alt"] == "facet 0"
    with pytest.raises(UserError, match=r"no layer 'blocks\.1\.2'; did you mean 'blocks\.1\.1"):
        run["blocks.1.2"]


def test_a_run_of_objectives_has_no_layers(make_commission) -> None:
    """And says so when it is asked for one."""
    run = Run(make_commission(["class:zebra"]))
    assert run.layers == run.facets == []
    with pytest.raises(UserError, match="named objectives"):
        run["layer3"]


def test_the_table_has_a_row_for_each_facet(make_run) -> None:
    """Every number of run.json under its name, also those of a picture that failed: none."""

    def fail(manifest: dict[str, Any]) -> None:
        manifest["layers"][1]["facets"][2].update(
            status="failed", reason="turned NaN", picture=None, measures=None, loss={}
        )

    run = Run(make_run(layers=2, facets=3, change=fail))
    frame = run.to_frame()
    assert list(zip(frame["layer"], frame["facet"])) == [(layer.name, i) for layer in run.layers for i in range(3)]
    facet, row = run.facets[1], frame.iloc[4]
    judged = facet.measures["transfer"]["efficientnet_lite1"]
    assert row["transfer.efficientnet_lite1.probability"] == judged["picture"]["probability"]
    assert row["transfer.efficientnet_lite1.probability.members"] == judged["members"]["probability"]
    assert row["fidelity.cosine.start"] == 0.4
    assert row["loss.dot.end"] == -4.2
    assert (row["label"], row["size"], row["silhouette"]) == (facet.label, facet.size, facet.silhouette)
    assert Path(row["picture"]) == run["blocks.1.1"].pictures[1]
    failed = frame.iloc[5]
    assert (failed["status"], failed["reason"]) == ("failed", "turned NaN")
    assert failed[["picture", "fidelity.cosine", "loss.dot.end"]].isna().all()
    assert len(frame) == 6


def test_the_table_of_objectives_and_channels(make_commission, make_run) -> None:
    """A row for each variant; of an inspection also the channels and their own facets."""
    folder = make_commission(["a:1", "a:1"], about=lambda index, photo: {"variant": index})
    frame = Run(folder).to_frame()
    assert frame[["objective", "variant"]].values.tolist() == [["a:1", 0], ["a:1", 1]]
    assert frame["objective.value.start"].tolist() == [-0.57, -0.57]
    assert "facet" not in frame

    def inspect(manifest: dict[str, Any]) -> None:
        channel = {"channel": 7, "picture": "a.png", "silhouette": 0.3, "facets": [{"index": 0, "size": 4}]}
        manifest["layers"][0]["channel_pictures"] = [channel]

    frame = Run(make_run(layers=1, facets=2, change=inspect)).to_frame()
    assert frame["channel"].tolist()[2:] == [7, 7]
    assert frame["facet"].isna().tolist() == [False, False, True, False]
    assert frame["silhouette"].tolist()[2] == 0.3


def test_without_pandas_the_way_out_is_said(make_run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table alone needs it."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UserError, match="pip install pandas"):
        Run(make_run(layers=1)).to_frame()


def test_a_notebook_styles_nothing_of_it(make_run) -> None:
    """Its own styles go by tags that are not among these, but for images and drawings."""
    tags = checked(first_screen(make_run(layers=2, facets=3))).names
    assert tags <= {"div", "span", "style", "header", "section", "article", "img", "b", "i", "strong"} | {
        "svg",
        "g",
        "circle",
        "image",
        "rect",
        "text",
    }


def test_folder_without_a_run_says_so(tmp_path: Path) -> None:
    """A notebook cell never raises while it shows a value."""
    assert "no run folder" in first_screen(tmp_path)
