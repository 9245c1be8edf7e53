"""The script that lays ImageNet out: small archives in the form of ILSVRC2012's, and torchvision's functions beside it."""

import hashlib
import io
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from tars import jpeg, tar_bytes, write_tar
from torchvision.datasets import ImageNet
from torchvision.datasets import imagenet as theirs

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
import imagenet

from mindseye.photos.collection import open_collection

WNIDS = ("n01440764", "n02391049", "n03126707")
TITLES = ("tench, Tinca tinca", "zebra", "crane")
TRUTH = (2, 1, 3, 3, 2, 1)
TRAIN = {wnid: [f"{wnid}_{number}.JPEG" for number in range(3 + place)] for place, wnid in enumerate(WNIDS)}


def devkit():
    """meta.mat with the fields that count, an inner node of the hierarchy among the classes, and the ground truth."""
    kinds = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("gloss", "O"), ("num_children", "O")]
    rows = [(number + 1, wnid, title, "", 0) for number, (wnid, title) in enumerate(zip(WNIDS, TITLES))]
    synsets = np.array([*rows, (4, "n00001740", "entity", "", 3)], dtype=kinds).reshape(-1, 1)
    meta = io.BytesIO()
    scipy.io.savemat(meta, {"synsets": synsets})
    truth = "".join(f"{number}\n" for number in TRUTH).encode()
    data = "ILSVRC2012_devkit_t12/data"
    files = {f"{data}/meta.mat": meta.getvalue(), f"{data}/ILSVRC2012_validation_ground_truth.txt": truth}
    return tar_bytes(files, "w:gz")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three classes in archives of their form; the counts and sums that are expected are theirs."""
    root = tmp_path / "imagenet"
    inner = {
        f"{wnid}.tar": tar_bytes({name: jpeg(hash(name) % 1000) for name in names}) for wnid, names in TRAIN.items()
    }
    write_tar(root / "ILSVRC2012_img_train.tar", inner)
    photos = {f"ILSVRC2012_val_{number + 1:08d}.JPEG": jpeg(number) for number in range(6)}
    write_tar(root / "ILSVRC2012_img_val.tar", dict(reversed(photos.items())))
    (root / "ILSVRC2012_devkit_t12.tar.gz").write_bytes(devkit())
    for split, (name, _) in list(theirs.ARCHIVE_META.items()):
        sum_ = hashlib.md5((root / name).read_bytes()).hexdigest()
        monkeypatch.setitem(theirs.ARCHIVE_META, split, (name, sum_))
    for name, count in (("CLASSES", 3), ("TRAIN", 12), ("VAL_EACH", 2)):
        monkeypatch.setattr(imagenet, name, count)
    return root


def run(folder, monkeypatch, *options):
    monkeypatch.setattr(sys, "argv", ["imagenet.py", str(folder), *options])
    return imagenet.main()


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for split in ("train", "val")
        for path in sorted((folder / split).rglob("*"))
        if path.is_file()
    }


def test_the_layout_is_torchvisions(folder, monkeypatch, capsys):
    """File by file what its own functions make; its dataset opens it, and mindseye too."""
    assert run(folder, monkeypatch) == 0
    assert "val: 3 classes, 6 photos" in capsys.readouterr().out
    made = tree(folder)
    assert len(made) == 18
    for split in ("train", "val"):
        (folder / split).rename(folder.parent / split)
    theirs.parse_train_archive(folder)
    theirs.parse_val_archive(folder)
    assert tree(folder) == made
    assert [name[0] for name in ImageNet(folder, "val").classes] == ["tench", "zebra", "crane"]
    found = open_collection(folder)
    assert found.root == folder / "train"
    assert [one.title for one in found][:2] == ["tench", "zebra"]


def test_it_goes_on_where_it_stopped(folder, monkeypatch):
    """Broken off in the middle of a class and of the validation photos: what is whole stays, the rest comes."""
    write, written = imagenet.write, []

    def breaks(content, path, size):
        written.append(path.name)
        if len(written) in (5, 17):
            raise KeyboardInterrupt
        write(content, path, size)

    monkeypatch.setattr(imagenet, "write", breaks)
    assert run(folder, monkeypatch) == imagenet.INTERRUPTED
    assert sorted(path.name for path in (folder / "train").iterdir()) == [imagenet.UNFINISHED, WNIDS[0]]
    (folder / "train" / WNIDS[0] / "mine.txt").write_text("not theirs")
    assert run(folder, monkeypatch) == imagenet.INTERRUPTED
    (folder / "train" / WNIDS[0] / "mine.txt").unlink()
    assert run(folder, monkeypatch) == 0
    assert len(tree(folder)) == 18
    assert len(written) == 18 + 2 + 1  # two broken off, one of them with a photo before it in its class
    written.clear()
    assert run(folder, monkeypatch) == 0
    assert written == []


@pytest.mark.parametrize(
    ("archive", "files"),
    [
        ("train", {"../n01440764.tar": b""}),
        ("train", {"n99999999.tar": b""}),
        ("train", {"n01440764.tar": tar_bytes({"../../n01440764_1.JPEG": jpeg(1)})}),
        ("train", {"n01440764.tar": tar_bytes({"n02391049_1.JPEG": jpeg(1)})}),
        ("val", {"/ILSVRC2012_val_00000001.JPEG": jpeg(1)}),
        ("val", {"ILSVRC2012_val_00000007.JPEG": jpeg(1)}),
    ],
)
def test_names_that_should_not_be_there_are_refused(folder, monkeypatch, capsys, archive, files):
    """Nothing is written outside, and the line names the archive and the name."""
    write_tar(folder / f"ILSVRC2012_img_{archive}.tar", files)
    before = {path for path in folder.parent.rglob("*") if "train" not in path.parts and "val" not in path.parts}
    assert run(folder, monkeypatch) == 2
    assert f"ILSVRC2012_img_{archive}.tar holds" in capsys.readouterr().err
    after = {path for path in folder.parent.rglob("*") if "train" not in path.parts and "val" not in path.parts}
    assert after - before <= {folder / "meta.bin"}


def test_counts_that_are_wrong_are_told(folder, monkeypatch, capsys):
    """A class without photos, a photo too few, a photo too many."""
    assert run(folder, monkeypatch) == 0
    lost = next((folder / "val" / WNIDS[1]).iterdir())
    content = lost.read_bytes()
    lost.unlink()
    assert run(folder, monkeypatch, "--check") == 2
    assert f"val/{WNIDS[1]} has 1 photos, not 2" in capsys.readouterr().err
    lost.write_bytes(content)
    (folder / "train" / WNIDS[0] / "more.JPEG").write_bytes(b"")
    assert run(folder, monkeypatch, "--check") == 2
    assert "train has 13 photos, not 12" in capsys.readouterr().err
    (folder / "train" / WNIDS[0]).rename(folder / "elsewhere")
    assert run(folder, monkeypatch, "--check") == 2
    assert f"train has 2 classes, not 3; missing: {WNIDS[0]}" in capsys.readouterr().err


def test_missing_and_cut_archives(folder, monkeypatch, capsys):
    """Each in a line; a cut one leaves whole photos only."""
    whole = (folder / "ILSVRC2012_img_val.tar").read_bytes()
    (folder / "ILSVRC2012_img_val.tar").write_bytes(whole[:1600])
    assert run(folder, monkeypatch) == 2
    assert capsys.readouterr().err
    assert all(path.read_bytes() in {jpeg(number) for number in range(6)} for path in (folder / "val").rglob("*.JPEG"))
    for path in folder.glob("*.tar"):
        path.unlink()
    assert run(folder, monkeypatch) == 2
    assert "download them" in capsys.readouterr().err
