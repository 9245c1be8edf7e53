"""Collections: class folders, torchvision's layout, shards; and which classes are meant by some words."""

import json
from pathlib import Path

import pytest
from tars import jpeg, write_tar

from mindseye.errors import UserError
from mindseye.labels import imagenet_labels, imagenet_wnids
from mindseye.photos.class_choice import class_words, select_classes
from mindseye.photos.collection import open_collection
from mindseye.photos.photo_set import find_photos

ZEBRA, TENCH = "n02391049", "n01440764"


def folders(root, *names):
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / "1.jpg").write_bytes(jpeg(1))
    return root


def photos(one):
    return [Path(path).name.rpartition("!")[2] for path in find_photos(one.photos).paths]


def test_class_folders_and_their_titles(tmp_path):
    """Sorted by name, hidden ones and files left aside; WordNet ids have their names."""
    folders(tmp_path, ZEBRA, "ants", TENCH, ".hidden")
    (tmp_path / "notes.txt").write_text("no class")
    found = open_collection(tmp_path)
    assert [(one.name, one.title) for one in found] == [("ants", "ants"), (TENCH, "tench"), (ZEBRA, "zebra")]
    assert photos(found[0]) == ["1.jpg"]
    assert found.notes == ()


def test_torchvisions_layout(tmp_path):
    """train is taken where both are there, and it is said; val alone serves; classes that are called so are classes."""
    folders(tmp_path / "imagenet" / "train", ZEBRA, TENCH)
    folders(tmp_path / "imagenet" / "val", ZEBRA)
    both = open_collection(tmp_path / "imagenet")
    assert [one.name for one in both] == [TENCH, ZEBRA]
    assert both.root == tmp_path / "imagenet" / "train"
    assert "train is taken" in both.notes[0]
    folders(tmp_path / "alone" / "val", ZEBRA)
    assert open_collection(tmp_path / "alone").root == tmp_path / "alone" / "val"
    assert [one.name for one in open_collection(folders(tmp_path / "toys", "train", "val"))] == ["train", "val"]


def test_shards_in_webdatasets_convention(tmp_path):
    """A sample's class: its .cls, its .json, a WordNet id in its name, its folder, a number; over several shards."""
    write_tar(
        tmp_path / "a-000.tar",
        {
            "s1.jpg": jpeg(1),
            "s1.cls": b"cat\n",
            "s2.PNG": jpeg(2, kind="PNG"),
            "s2.json": json.dumps({"label": 3}).encode(),
        },
    )
    write_tar(
        tmp_path / "a-001.tar",
        {
            "s10.jpg": jpeg(3),
            "s10.cls": b"cat",
            "s3.left.jpg": jpeg(4),
            "s3.json": json.dumps({"label": 3, "wnid": ZEBRA}).encode(),
            f"{TENCH}_7.JPEG": jpeg(5),
            "birds/owl.webp": jpeg(6, kind="WEBP"),
            "birds/owl.cls": b"7",
            "birds/.hidden.jpg": jpeg(7),
        },
    )
    found = open_collection(tmp_path)
    assert [one.name for one in found] == ["3", "birds", "cat", TENCH, ZEBRA]
    assert [photos(one) for one in found] == [
        ["s2.PNG"],
        ["owl.webp"],
        ["s1.jpg", "s10.jpg"],
        [f"{TENCH}_7.JPEG"],
        ["s3.left.jpg"],
    ]
    assert [one.name for one in open_collection(tmp_path / "a-000.tar")] == ["3", "cat"]


def test_an_archive_per_class_is_opened_when_its_photos_are_wanted(tmp_path):
    """As ILSVRC2012's training archive holds them."""
    write_tar(tmp_path / f"{TENCH}.tar", {f"{TENCH}_{number}.JPEG": jpeg(number) for number in (10, 9)})
    (tmp_path / f"{ZEBRA}.tar").write_bytes(b"damaged")
    tench, zebra = open_collection(tmp_path)
    assert photos(tench) == [f"{TENCH}_9.JPEG", f"{TENCH}_10.JPEG"]
    assert zebra.title == "zebra"
    with pytest.raises(UserError, match="cannot read the archive"):
        find_photos(zebra.photos)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"1.jpg": jpeg(1)}, "says no class"),
        ({"1.jpg": jpeg(1), "1.cls": b"../up"}, "cannot be a folder's name"),
        ({"1.jpg": jpeg(1), "1.json": b'{"label": ".."}'}, "cannot be a folder's name"),
        ({"1.jpg": jpeg(1), "1.cls": b"a\x00b"}, "cannot be a folder's name"),
        ({"1.txt": b"text"}, "no photos"),
    ],
)
def test_shards_that_are_none(tmp_path, files, said):
    """Each is refused in a line that names the sample or the shard."""
    with pytest.raises(UserError, match=said):
        open_collection(write_tar(tmp_path / "odd.tar", files))


def test_places_that_are_no_collection(tmp_path):
    """Missing, empty, compressed, no archive."""
    with pytest.raises(UserError, match="no collection"):
        open_collection(tmp_path / "nowhere")
    with pytest.raises(UserError, match="neither class folders nor tar shards"):
        open_collection(tmp_path)
    (tmp_path / "x.tar.gz").write_bytes(b"")
    with pytest.raises(UserError, match="uncompress"):
        open_collection(tmp_path / "x.tar.gz")
    (tmp_path / "x.tar").write_bytes(b"no archive")
    with pytest.raises(UserError, match="cannot read the shard"):
        open_collection(tmp_path / "x.tar")


def test_which_classes_are_meant(tmp_path):
    """Names, ids, titles in any writing, patterns; in the collection's order, each once."""
    found = open_collection(folders(tmp_path, *imagenet_wnids()[:8], ZEBRA, "African_grey"))
    assert [one.name for one in select_classes(found, ["Great-White_Shark", ZEBRA, TENCH, "tench"])] == [
        TENCH,
        imagenet_wnids()[2],
        ZEBRA,
    ]
    sharks = [wnid for wnid, name in zip(imagenet_wnids()[:8], imagenet_labels()) if name.endswith("shark")]
    assert [one.name for one in select_classes(found, ["*SHARK"])] == sharks
    assert [one.name for one in select_classes(found, ["african g*", "[s-z]ebra"])] == ["African_grey", ZEBRA]
    for words, said in (
        (["zebre"], "did you mean .*zebra"),
        (["x*"], "fits 'x\\*'"),
        (["qqqq"], "has 10 classes"),
        ([], "no classes"),
    ):
        with pytest.raises(UserError, match=said):
            select_classes(found, words)


def test_a_title_of_two_classes_is_asked_about(tmp_path):
    """Which of them is meant cannot be told."""
    found = open_collection(folders(tmp_path, "a_b", "a-b"))
    with pytest.raises(UserError, match="may be any of a-b, a_b"):
        select_classes(found, ["A b"])
    assert [one.name for one in select_classes(found, ["a_b"])] == ["a_b"]


def test_words_of_a_file_or_a_pattern(tmp_path):
    """A file's lines, with comments and with titles beside ids; any other text is itself."""
    path = tmp_path / "classes.txt"
    path.write_text(f"# two\n{ZEBRA} zebra\n\ntench  # a fish\n")
    assert class_words(path) == [ZEBRA, "tench"]
    assert class_words("n01*") == ["n01*"]
    path.write_text("# none\n")
    with pytest.raises(UserError, match="names no class"):
        class_words(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="it is no text"):
        class_words(path)
