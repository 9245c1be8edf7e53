"""Listing: which files are images, in which order, and what is said about the rest."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mindseye.errors import UserError
from mindseye.photos.file_kinds import natural_key
from mindseye.photos.listing import Listing, list_photos


def photo(path: Path, colour: str = "red") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), colour).save(path, "PNG")
    return path


def names(listing: Listing) -> list[str]:
    return [Path(entry.path).name for entry in listing.entries]


def test_a_single_photo_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the names that are near, and not as a folder without photos."""
    photo(tmp_path / "beetle.png")
    for source in (["betle.png"], "betle.png"):
        given = [str(tmp_path / name) for name in source] if isinstance(source, list) else str(tmp_path / source)
        with pytest.raises(UserError, match=r"betle\.png'.*no such file.*did you mean .*beetle\.png"):
            list_photos(given)


def test_natural_order() -> None:
    """Numbers count as numbers, folder by folder, and leading zeros do not make the order a matter of chance."""
    paths = [Path(text) for text in ("b/1", "a/10", "a/9", "a/01", "a/1", "a-b/2", "a/x10y2", "a/x10y1", "a/x9")]
    ordered = [str(path) for path in sorted(paths, key=natural_key)]
    assert ordered == ["a/01", "a/1", "a/9", "a/10", "a/x9", "a/x10y1", "a/x10y2", "a-b/2", "b/1"]


def test_folder_without_its_hidden_and_other_files(tmp_path: Path) -> None:
    """Hidden files and what is clearly no image are absent without a word; unknown endings are looked into."""
    for name in ("10.png", "9.JPG", "no_ending", "odd.jpg_large", ".hidden.png"):
        photo(tmp_path / name)
    for name in ("notes.txt", "Thumbs.db", "labels.json", ".DS_Store"):
        (tmp_path / name).write_text("no image")
    (tmp_path / "film.mp4").write_text("no image either")
    (tmp_path / "folder").mkdir()
    listing = list_photos(tmp_path)
    assert names(listing) == ["9.JPG", "10.png", "no_ending", "odd.jpg_large"]
    assert [(Path(skipped.path).name, skipped.reason) for skipped in listing.skipped] == [
        ("film.mp4", "not an image that Pillow knows")
    ]
    assert listing.root == str(tmp_path)


def test_what_only_looks_like_an_image_is_skipped_with_the_reason(tmp_path: Path) -> None:
    """Folders, empty files, broken links and pipes under an image's name are named, and never opened."""
    photo(tmp_path / "good.jpg")
    (tmp_path / "a_folder.jpg").mkdir()
    (tmp_path / "b_empty.jpg").touch()
    (tmp_path / "c_broken.jpg").symlink_to(tmp_path / "nothing")
    (tmp_path / "d_loop.jpg").symlink_to(tmp_path / "d_loop.jpg")
    os.mkfifo(tmp_path / "e_pipe.jpg")
    listing = list_photos(tmp_path)
    assert names(listing) == ["good.jpg"]
    reasons = [skipped.reason for skipped in listing.skipped]
    assert reasons[:3] == ["a folder, not an image", "an empty file", "a broken link"]
    assert "symbolic links" in reasons[3]
    assert reasons[4] == "not a regular file"


@pytest.mark.parametrize(
    "name", ["new\nline.png", "-rf.png", "quo'te\".png", "ünïcödé 日本.png", "100%.png", "a;b.png"]
)
def test_odd_names(tmp_path: Path, name: str) -> None:
    """A name is only a name."""
    photo(tmp_path / name)
    assert names(list_photos(tmp_path)) == [name]


def test_name_that_is_no_text(tmp_path: Path) -> None:
    """Bytes that no encoding explains still lead back to the file."""
    raw = os.fsencode(tmp_path) + b"/caf\xe9.png"
    try:
        Path(os.fsdecode(raw)).write_bytes(photo(tmp_path / "a.png").read_bytes())
    except OSError:
        pytest.skip("this file system wants names in UTF-8")
    found = [entry.path for entry in list_photos(tmp_path).entries]
    assert os.fsencode(found[1]) == raw


def test_sub_folders_are_labels(tmp_path: Path) -> None:
    """The label is the folder's path below the root, the root's own name for images right in it."""
    for name in ("bees/2.png", "bees/10.png", "ants/red/1.png", "top.png", ".cache/x.png"):
        photo(tmp_path / name)
    listing = list_photos(tmp_path, recursive=True)
    assert names(listing) == ["1.png", "2.png", "10.png", "top.png"]
    assert [entry.label for entry in listing.entries] == ["ants/red", "bees", "bees", tmp_path.name]
    assert [entry.label for entry in list_photos(tmp_path).entries] == [None]


def test_links_among_folders_end(tmp_path: Path) -> None:
    """A folder is read once, where it lies, however many links lead to it or round in a circle."""
    photo(tmp_path / "z_real" / "1.png")
    (tmp_path / "a_link").symlink_to(tmp_path / "z_real")
    (tmp_path / "z_real" / "up").symlink_to(tmp_path)
    photo(tmp_path.parent / f"{tmp_path.name}_outside" / "2.png")
    (tmp_path / "out").symlink_to(tmp_path.parent / f"{tmp_path.name}_outside")
    listing = list_photos(tmp_path, recursive=True)
    assert [entry.label for entry in listing.entries] == ["out", "z_real"]


def test_list_of_paths_keeps_its_order(tmp_path: Path) -> None:
    """Given order, absolute paths; what is missing or listed twice is skipped."""
    second, first = photo(tmp_path / "2.png"), photo(tmp_path / "sub" / "1.png")
    listing = list_photos([second, str(first), second, tmp_path / "gone.png", tmp_path])
    assert [entry.path for entry in listing.entries] == [str(second), str(first)]
    assert [skipped.reason for skipped in listing.skipped] == ["listed twice", "no such file", "a folder, not an image"]


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that continues elsewhere still finds its photos."""
    photo(tmp_path / "in" / "1.png")
    monkeypatch.chdir(tmp_path)
    assert [entry.path for entry in list_photos("in/../in").entries] == [str(tmp_path / "in" / "1.png")]


def test_list_of_arrays() -> None:
    """Arrays are named by their place; one array of four axes is a list of images."""
    stack = np.zeros((2, 4, 4, 3), np.uint8)
    for source in (stack, list(stack)):
        listing = list_photos(source)
        assert [entry.path for entry in listing.entries] == ["array-00000", "array-00001"]
        assert listing.entries[1].source.shape == (4, 4, 3)


def test_nothing_to_look_at_is_named(tmp_path: Path) -> None:
    """Each way of giving no image has its own line, with the way out where there is one."""
    for name in ("gone", "x" * 5000, "nul\0byte"):
        with pytest.raises(UserError, match="no folder"):
            list_photos(tmp_path / name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"no photos in .*empty'$"):
        list_photos(tmp_path / "empty")
    photo(tmp_path / "deep" / "er" / "1.png")
    with pytest.raises(UserError, match="--recursive"):
        list_photos(tmp_path / "deep")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "x.png").touch()
    with pytest.raises(UserError, match=r"1 skipped, the first \('x.png'\) as an empty file"):
        list_photos(tmp_path / "broken")
    for source, said in (([], "empty list"), ([tmp_path, np.zeros((2, 2))], "not both"), (3, "not int")):
        with pytest.raises(UserError, match=said):
            list_photos(source)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may read everything")
def test_folder_that_may_not_be_read(tmp_path: Path) -> None:
    """A locked sub-folder costs only itself."""
    photo(tmp_path / "a" / "1.png")
    photo(tmp_path / "b" / "2.png")
    (tmp_path / "b").chmod(0)
    listing = list_photos(tmp_path, recursive=True)
    (tmp_path / "b").chmod(0o700)
    assert names(listing) == ["1.png"]
    assert [skipped.reason for skipped in listing.skipped] == ["a folder that cannot be read"]


def test_the_pictures_of_runs_are_no_photos(tmp_path: Path) -> None:
    """A run's folder is refused, and left out below another; a photo that is named in it is one."""
    photo(tmp_path / "mine.png")
    painted = photo(tmp_path / "runs" / "ants" / "pictures" / "facet-00.png")
    (tmp_path / "runs" / "ants" / "run.json").write_text("{}")
    for recursive in (False, True):
        with pytest.raises(UserError, match="ants' is the folder of a run, whose pictures are painted: name that of"):
            list_photos(tmp_path / "runs" / "ants", recursive)
    found = list_photos(tmp_path, recursive=True)
    assert names(found) == ["mine.png"]
    assert [(Path(one.path).name, one.reason) for one in found.skipped] == [
        ("ants", "the folder of a run, whose pictures are painted")
    ]
    assert names(list_photos([painted])) == ["facet-00.png"]
