"""The page of a run that is damaged, hostile or not there: what it makes of it, and what that costs."""

import json
from pathlib import Path
from typing import Any

import pytest
from page_files import content_in, manifest_in
from PIL import Image

from mindseye.errors import UserError
from mindseye.report.page import leave_page, write_page
from mindseye.report.progress import Progress
from mindseye.report.tiles import own_picture
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import SCHEMA, Summary


def test_data_cannot_end_its_script(make_run) -> None:
    """Whatever a manifest says, the data stays one block of JSON and comes back as it was."""
    evil = "</script><script>alert(1)</script><!-- \u2028 & ' \" <b>"

    def rename(manifest: dict[str, Any]) -> None:
        manifest["layers"][0]["facets"][0]["label"] = evil
        manifest["layers"][0]["facets"][0]["members"][0]["path"] = evil

    path = write_page(make_run(layers=1, change=rename))
    text = path.read_text("utf-8")
    assert text.count("<script") == 3
    assert "alert(1)</script>" not in text
    item = content_in(path)["layers"][0]["items"][0]
    assert content_in(path)["photos"]["names"][item["members"][0][0]].startswith("script>")
    assert item["label"] == evil.replace("\u2028", "").replace("--  &", "-- &")


def test_names_that_are_no_text_do_no_harm(make_run) -> None:
    """File names may hold bytes that are no text; the page is UTF-8 all the same."""

    def rename(manifest: dict[str, Any]) -> None:
        manifest["images"]["root"] = "/photos \udcff"
        manifest["images"]["paths"][0] = manifest["layers"][0]["facets"][0]["members"][0]["path"] = (
            "/photos \udcff/a\udcfe.png"
        )
        manifest["command"] = "mindseye visualize 'photos \udcff'"

    path = write_page(make_run(layers=1, change=rename))
    assert content_in(path)["photos"]["names"][0] == "a\ufffd.png"


def test_fields_that_are_absent_are_no_error(make_run) -> None:
    """Whatever the run, a layer or a facet does not say, there is a page with what it does say."""
    folder = make_run(layers=1, facets=17, images=17, snapshots=1)
    content = json.loads((folder / "run.json").read_text("utf-8"))
    layer = content["layers"][0]
    for facet, field in zip(layer["facets"], list(layer["facets"][0])):
        del facet[field]
    for field in ("kind", "channels", "grid"):
        del layer[field]
    for field in ("recipe", "model", "images", "seed", "clusters", "status"):
        del content[field]
    (folder / "run.json").write_text(json.dumps(content | {"kind": "inspect"}), "utf-8")
    assert len(content_in(write_page(folder))["layers"][0]["items"]) == 17


@pytest.mark.parametrize("value", [None, [], {}, "text", -1.5, [None], [{"channel": {}}]])
def test_measures_of_any_kind_are_no_error(make_run, value: Any) -> None:
    """What judges and others measured is shown as far as it can be read."""
    folder = make_run(layers=1, facets=3)
    manifest = manifest_in(folder)
    first, second, third = manifest.layers[0].facets
    first.measures = {"transfer": value, "fidelity": value, "neighbourhood": value}
    second.measures = {"transfer": {"j": value}, "fidelity": {"picture": value}}
    third.measures = {"transfer": {"j": {"picture": value, "label": value, "sees": value}}}
    manifest.summary = Summary(set={"stability": None})
    RunFolder(folder).write(manifest)
    assert content_in(write_page(folder))["layers"][0]["items"]


def test_numbers_that_are_no_json_are_not_there(make_run) -> None:
    """Another program may have written NaN or Infinity: such a number is read as one that was not taken."""

    def damage(manifest: dict[str, Any]) -> None:
        manifest["layers"][0]["facets"][1] |= {"silhouette": float("nan"), "effective_members": float("inf")}

    folder = make_run(layers=1, change=damage)
    facet = manifest_in(folder).layers[0].facets[1]
    assert (facet.silhouette, facet.effective_members) == (None, None)
    assert [fact[0] for fact in content_in(write_page(folder))["layers"][0]["items"][1]["facts"]] == ["8 photos"]


def test_a_damaged_field_is_named(make_run) -> None:
    """One clear line, which says where the file is wrong."""

    def damage(manifest: dict[str, Any]) -> None:
        manifest["layers"][0]["facets"][1]["size"] = "many"

    with pytest.raises(UserError, match=r"run\.json is damaged: layers\.0\.facets\.1\.size"):
        write_page(make_run(layers=1, change=damage))


def test_no_file_outside_of_the_run_is_shown(make_run, tmp_path: Path) -> None:
    """A run may come from somewhere else, and its page goes elsewhere: only its own pictures are taken in."""
    folder = make_run(layers=1)
    Image.new("RGB", (8, 8)).save(tmp_path / "secret.png")
    assert own_picture(folder, "../secret.png") is None
    assert own_picture(folder, str(tmp_path / "secret.png")) is None
    assert own_picture(folder, manifest_in(folder).layers[0].facets[0].picture) is not None
    (folder / "pictures" / "link.png").symlink_to(tmp_path / "secret.png")
    assert own_picture(folder, "pictures/link.png") is None


def test_photos_that_are_gone_keep_their_names(make_run) -> None:
    """The page is written without them, and says what they were called."""
    folder = make_run(layers=1)
    for path in manifest_in(folder).images.paths[:10]:
        Path(path).unlink()
    photos = content_in(write_page(folder))["photos"]
    assert photos["names"][3] == "photo 0003.png"
    assert photos["thumbnails"][:10] == [None] * 10


def test_a_page_that_cannot_be_written_costs_only_itself(make_run, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """The command that leaves the run goes on; what was wrong is said. Asked for by name it is an error."""
    folder = make_run(layers=1)
    (folder / "report.html").mkdir()
    (folder / "report.html" / "x").touch()
    with pytest.raises(UserError, match="cannot write"):
        write_page(folder)
    leave_page(folder, Progress(quiet=False))
    monkeypatch.setattr("mindseye.report.page.write.page_of", lambda run, manifest: 1 / 0)
    leave_page(folder, Progress(quiet=False))
    said = capsys.readouterr()
    assert (said.out + said.err).count("no page was written") == 2


def test_folder_without_a_run_is_the_users_mistake(tmp_path: Path) -> None:
    """One clear line; so is a run that painted nothing."""
    with pytest.raises(UserError, match="no run folder"):
        write_page(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"schema": SCHEMA, "kind": "visualize"}), "utf-8")
    with pytest.raises(UserError, match="no pictures"):
        write_page(tmp_path)
