"""The image set: one pass over the photos, stable indices, and the same photos again."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mindseye.errors import UserError
from mindseye.photos.decode import View, decode
from mindseye.photos.decode_pool import decode_all
from mindseye.photos.listing import list_photos
from mindseye.photos.photo_set import PhotoSet, find_photos
from mindseye.preprocessing import Preprocessing, identity

SIDE = 8
SEEN = Preprocessing((0.0,) * 3, (1.0,) * 3, SIDE, 10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty noisy photos; numbers 3 and 20 are broken."""
    for number in range(40):
        values = np.random.default_rng(number).integers(0, 256, (14, 12, 3), np.uint8)
        Image.fromarray(values).save(tmp_path / f"{number}.png")
    for number in (3, 20):
        (tmp_path / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    return tmp_path


def expected(folder: Path) -> torch.Tensor:
    good = [number for number in range(40) if number not in (3, 20)]
    return torch.stack([decode(str(folder / f"{number}.png"), View(SEEN, SIDE)) for number in good])


@pytest.mark.parametrize("workers", [0, 1, 2, None])
def test_one_pass(folder: Path, workers: int | None) -> None:
    """Batches in order, dense indices, broken photos listed; the same with any number of workers, chance untouched."""
    images = find_photos(folder)
    assert len(images) == 40
    told: list[tuple[int, int]] = []
    state = torch.get_rng_state()
    batches = list(images.batches(SEEN, SIDE, 3, 16, workers, lambda *numbers: told.append(numbers)))
    assert torch.equal(torch.get_rng_state(), state)
    assert [len(indices) for indices, _ in batches] == [16, 16, 6]
    assert [index for indices, _ in batches for index in indices] == list(range(38))
    assert torch.equal(torch.cat([pixels for _, pixels in batches]), expected(folder))
    assert told == [(done, 40) for done in range(1, 41)]
    assert len(images) == len(images.paths) == 38
    assert [Path(path).name for path in images.paths][2:5] == ["2.png", "4.png", "5.png"]
    assert [Path(skipped.path).name for skipped in images.skipped] == ["3.png", "20.png"]
    assert all("not an image" in skipped.reason for skipped in images.skipped)
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("kept", [0, 5, 1000])
def test_load_gives_what_the_pass_gave(folder: Path, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From memory within the budget, decoded again beyond it: the same photos, in any order."""
    images = PhotoSet(list_photos(folder), kept_bytes=kept * 3 * SIDE * SIDE)
    with pytest.raises(RuntimeError, match="after a pass"):
        images.load([0])
    list(images.batches(SEEN, SIDE, 3, workers=0))
    calls: list[str] = []
    original: Callable[..., torch.Tensor] = decode
    monkeypatch.setattr(
        "mindseye.photos.photo_set.decode", lambda path, view: (calls.append(path), original(path, view))[1]
    )
    assert torch.equal(images.load([30, 0, 5, 30]), expected(folder)[[30, 0, 5, 30]])
    assert len(calls) == {0: 4, 5: 3, 1000: 0}[kept]
    assert images.load([]).shape == (0, 3, SIDE, SIDE)


def test_a_later_pass_looks_anew(folder: Path) -> None:
    """A judge sees the same photos at its own size; a photo that has gone meanwhile is an error, not another number."""
    images = find_photos(folder)
    list(images.batches(SEEN, SIDE, 3))
    larger = torch.cat([pixels for _, pixels in images.batches(identity(1, 12), 12, 1)])
    assert larger.shape == (38, 1, 12, 12)
    assert torch.equal(images.load([7]), larger[[7]])
    (folder / "39.png").unlink()
    with pytest.raises(UserError, match=r"39.png' has changed or gone .*no such file"):
        list(images.batches(SEEN, SIDE, 3))
    with pytest.raises(UserError, match=r"39.png' has changed or gone"):
        images.load([37])


def test_photos_that_change_under_way(folder: Path) -> None:
    """Between listing and decoding a photo may vanish, break or become a folder: it is skipped, with the reason."""
    images = find_photos(folder)
    (folder / "0.png").unlink()
    (folder / "1.png").write_bytes(b"")
    (folder / "2.png").unlink()
    (folder / "2.png").mkdir()
    list(images.batches(SEEN, SIDE, 3))
    assert len(images) == 35
    assert [skipped.reason for skipped in images.skipped[:3]] == [
        "no such file",
        "an empty file",
        "a folder, not an image",
    ]


def test_a_pass_that_is_broken_off_leaves_the_set_as_it_was(folder: Path) -> None:
    """No index is given for good before all are known, and no worker stays behind."""
    images = find_photos(folder)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        for _ in images.batches(SEEN, SIDE, 3, 4, workers=2):
            assert len(multiprocessing.active_children()) == 2
            raise KeyboardInterrupt
    assert multiprocessing.active_children() == []
    assert len(images) == 40
    assert images.skipped == []
    assert len(list(images.batches(SEEN, SIDE, 3, 4))) == 10


def test_restore_takes_a_pass_up(folder: Path) -> None:
    """A run that continues loads its members without another pass, by the old indices, whatever was added since."""
    first = find_photos(folder)
    list(first.batches(SEEN, SIDE, 3))
    Image.new("RGB", (9, 9)).save(folder / "00_new.png")
    again = find_photos(folder)
    again.restore(first.paths, SEEN, SIDE, 3)
    assert again.paths == first.paths
    assert torch.equal(again.load([0, 20]), first.load([0, 20]))
    with pytest.raises(UserError, match=r"gone\.png"):
        find_photos(folder).restore([str(folder / "gone.png")], SEEN, SIDE, 3)


def test_labels_follow_the_photos(tmp_path: Path) -> None:
    """A photo that is dropped takes its label along; without sub-folders there are none."""
    for name in ("ants", "bees"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / name / "1.png")
    (tmp_path / "ants" / "0.png").write_bytes(b"broken")
    images = find_photos(tmp_path, recursive=True)
    list(images.batches(SEEN, SIDE, 3))
    assert images.labels == ["ants", "bees"]
    assert find_photos(tmp_path / "bees").labels is None


def test_arrays() -> None:
    """Arrays are photos like any other; one that is none is skipped under its own name."""
    arrays = [np.full((9, 9, 3), value, np.uint8) for value in range(40)]
    arrays[1] = np.full((9, 9, 3), 7.5)
    images = find_photos(arrays)
    _, pixels = next(iter(images.batches(SEEN, SIDE, 3, 64)))
    assert pixels[:, 0, 0, 0].tolist() == [0, *range(2, 40)]
    assert images.paths[1] == "array-00002"
    assert [skipped.path for skipped in images.skipped] == ["array-00001"]


def test_nothing_that_decodes(tmp_path: Path) -> None:
    """A folder of broken photos is one clear line with the first reason."""
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / name).write_bytes(b"no photo")
    with pytest.raises(UserError, match=r"none of 2 photos can be read; '1.jpg': not an image"):
        list(find_photos(tmp_path).batches(SEEN, SIDE, 3))


def test_a_worker_that_dies_is_an_error_and_no_endless_wait(folder: Path) -> None:
    """Killed from outside, as the system does when memory runs out."""
    decoding = decode_all([str(folder / "0.png")] * 200, View(SEEN, SIDE), workers=1)
    next(decoding)
    (worker,) = multiprocessing.active_children()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(UserError, match="a process that decodes photos died"):
        list(decoding)
    assert multiprocessing.active_children() == []
