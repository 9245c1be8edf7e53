"""`report` and `open`: which files they write and open, and what they say."""

import webbrowser
from pathlib import Path

import pytest
from nets import TinyConv, TinyTokens, seeded
from PIL import Image

import mindseye
from mindseye.api import open as opening
from mindseye.cli.main import main
from mindseye.errors import UserError

QUICK = {"size": 32, "steps": 2, "snapshots": 1, "quiet": True}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two named objectives, as its command leaves it."""
    out = tmp_path_factory.mktemp("runs") / "first"
    return mindseye.paint(["stem:1", "stem:2"], seeded(TinyConv), out=out, **QUICK)


def test_painting_leaves_a_page(run) -> None:
    """Without being asked for."""
    assert (run.path / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_other_commands_leave_one_too(tmp_path: Path) -> None:
    """Of facets, of a photo's inversion, and of what is painted into it."""
    for index in range(6):
        Image.effect_noise((40, 40), 10 * index + 5).convert("RGB").save(tmp_path / f"{index}.png")
    network = seeded(TinyConv)
    runs = [
        mindseye.visualize(tmp_path, network, "body.2", facets=2, out=tmp_path / "facets", **QUICK),
        mindseye.invert(tmp_path / "0.png", network, "stem", out=tmp_path / "inverted", **QUICK),
        mindseye.invert(
            tmp_path / "0.png", network, "stem", patches=tmp_path, out=tmp_path / "patches", size=32, quiet=True
        ),
        mindseye.accentuate(tmp_path / "0.png", "stem:1", network, out=tmp_path / "accentuated", **QUICK),
    ]
    assert all((one.path / "report.html").is_file() for one in runs)
    assert 'id="side"' in (runs[0].path / "report.html").read_text("utf-8")
    page = runs[0].path / "report.html"
    page.unlink()
    mindseye.film(runs[0].path, quiet=True)
    assert page.is_file()


def test_report_writes_one_page_anew(run) -> None:
    """The run's own."""
    page = run.path / "report.html"
    page.write_text("old")
    assert mindseye.write_report(run, quiet=True).path == page
    assert page.read_text("utf-8") != "old"


def test_report_joins_runs_and_names_what_is_none(run, tmp_path: Path, capsys) -> None:
    """An index beside the first, missing pages written; a folder that is no run is told, with the exit code of done in part."""
    page, other = run.path / "report.html", tmp_path / "nothing"
    other.mkdir()
    page.unlink()
    assert main(["report", str(run.path), str(other), "--title", "both", "--quiet"]) == 3
    assert f"{other} is no run folder" in capsys.readouterr().err
    index = run.path.parent / "index.html"
    assert "<title>both</title>" in index.read_text("utf-8")
    assert 'href="first/report.html"' in index.read_text("utf-8")
    assert page.is_file()
    assert not (run.path.parent / "figures").exists()
    assert main(["report", str(other), str(tmp_path), "--out", str(tmp_path / "x.html")]) == 2
    assert not (tmp_path / "x.html").exists()
    assert main(["report", str(run.path), str(run.path), "--out", str(page)]) == 2
    with pytest.raises(UserError, match="no run"):
        mindseye.write_report()


def test_report_shows_runs_over_the_same_photos_side_by_side(tmp_path: Path, capsys) -> None:
    """A sheet beside the page and on it; none where one of the runs is of other photos."""
    for index in range(12):
        path = tmp_path / ("photos" if index < 6 else "others") / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        Image.effect_noise((40, 40), 10 * index + 5).convert("RGB").save(path)
    same, again, other = (
        mindseye.visualize(tmp_path / photos, seeded(network), facets=2, out=tmp_path / name, **QUICK)
        for name, photos, network in (
            ("same", "photos", TinyConv),
            ("again", "photos", TinyTokens),
            ("other", "others", TinyConv),
        )
    )
    figure = tmp_path / "figures/networks.png"
    assert mindseye.write_report(same, other, quiet=True).figure is None
    assert not figure.exists()
    assert main(["report", str(same.path), str(again.path)]) == 0
    said = capsys.readouterr()
    assert str(figure) in (said.out + said.err).replace("\n", "")
    assert Image.open(figure).height > 2 * 160
    assert '<img class="sheet"' in (tmp_path / "index.html").read_text("utf-8")
    again = mindseye.write_report(*(path for path in sorted(tmp_path.iterdir()) if path.name != "photos"), quiet=True)
    assert [line for line in again.failures if "others" not in line] == []  # neither the page nor its figures is a run


def test_open_writes_a_missing_page_and_opens_it(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run's page, a page that is named, or the index of a folder."""
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    monkeypatch.setenv("DISPLAY", ":0")
    (run.path / "report.html").unlink()
    page = mindseye.open_run(run, quiet=True)
    assert page == run.path.absolute() / "report.html"
    assert page.is_file()
    (tmp_path / "index.html").touch()
    mindseye.open_run(tmp_path, quiet=True)
    mindseye.open_run(tmp_path / "index.html", quiet=True)
    assert opened == [page.as_uri(), *[(tmp_path / "index.html").as_uri()] * 2]
    with pytest.raises(UserError, match="neither a run folder nor a page: name the --out"):
        mindseye.open_run(tmp_path / "gone")
    with pytest.raises(UserError, match=r"did you mean '.*first'\?"):
        mindseye.open_run(run.path.with_name("frist"))


def test_without_a_screen_open_says_where_the_page_is(run, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """No browser is started, which might be one for text and would wait; nor where starting one fails."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(opening.sys, "platform", "linux")
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("a browser was started"))
    assert main(["open", str(run.path)]) == 0
    said = capsys.readouterr()
    assert "no browser here" in said.out + said.err
    assert str(run.path / "report.html") in (said.out + said.err).replace("\n", "")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert main(["open", str(run.path)]) == 0
    said = capsys.readouterr()
    assert "no browser here" in said.out + said.err


def test_the_page_of_a_run_is_no_run_folder(tmp_path, capsys):
    """Nothing is damaged where a file is named instead of its folder."""
    page = tmp_path / "report.html"
    page.write_text("a page")
    assert main(["report", str(page)]) == 2
    assert "is no run folder" in capsys.readouterr().err
