"""Extraction with a cache: nothing is computed twice, and no bit differs from what is computed without."""

import sqlite3

import numpy as np
import pytest
import torch
from nets import TinyConv, seeded
from PIL import Image
from tars import jpeg, write_tar
from torch import nn

from mindseye.errors import UserError
from mindseye.facets import extraction
from mindseye.facets.extraction import BATCH, extract
from mindseye.layers.layer import find_layer
from mindseye.layers.survey import survey
from mindseye.models.load import Model
from mindseye.photos import decode_pool as decoding
from mindseye.photos.decode import View, decode
from mindseye.photos.photo_set import find_photos
from mindseye.preprocessing import identity
from mindseye.store.database import Database
from mindseye.store.store import Store

CPU = torch.device("cpu")
SIDE = 32


class Run:
    """One run's extraction over a folder, with a count of what it decodes and computes."""

    def __init__(self, monkeypatch, tmp_path, network=None):
        network = network or seeded(TinyConv)
        self.model = Model("tiny", network, identity(3, SIDE), None, None, 3, "as given")
        self.network = survey(network, SIDE)
        self.said = []
        self.store = Store(Database(tmp_path / "cache"), self.said.append)
        self.decoded, self.computed, self.read = [], 0, []
        decode, forward = decoding.decode_with_remark, extraction._forward
        monkeypatch.setattr(
            decoding, "decode_with_remark", lambda source, view: (self.decoded.append(source), decode(source, view))[1]
        )
        monkeypatch.setattr(decoding, "FEW", 10**6)  # in this process, where it can be counted

        def counted(read, *rest):
            self.computed += 1
            self.read.append([layer.address for layer in read.layers])
            return forward(read, *rest)

        monkeypatch.setattr(extraction, "_forward", counted)

    def __call__(self, source, *addresses, cache=True):
        self.decoded.clear()
        self.read.clear()
        self.computed = 0
        layers = [find_layer(self.network, address) for address in addresses or ("body.1",)]
        self.photos = find_photos(source)
        store = self.store if cache else None
        return extract(self.model, layers, self.photos, SIDE, CPU, store, say=self.said.append)


@pytest.fixture
def run(monkeypatch, tmp_path):
    return Run(monkeypatch, tmp_path)


def write(folder, *numbers):
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number}.jpg").write_bytes(jpeg(number))
    return folder


def same(one, other):
    assert one.keys() == other.keys()
    return all(torch.equal(one[address], other[address]) for address in one)


def test_means_are_the_layers_own(run, tmp_path):
    """Row n is the mean over positions of photo n's activations, with a last batch that is not full."""
    means = run(write(tmp_path / "photos", *range(BATCH + 5)))["body.1"]
    images = run.photos.load(range(BATCH + 5)).float() / 255
    expected = run.model.network.body[1](run.model.network.body[0](run.model.network.stem(images).relu())).mean(
        (-1, -2)
    )
    torch.testing.assert_close(means, expected, rtol=1e-4, atol=1e-6)


def test_nothing_is_done_twice(run, tmp_path):
    """The second time all comes from the cache, whatever the files are called, and members are still decoded on demand."""
    first = run(write(tmp_path / "photos", *range(40)))
    assert (len(run.decoded), run.computed) == (40, 3)  # two batches, and one that looks whether neighbours matter
    again = run(tmp_path / "photos")
    assert (run.decoded, run.computed) == ([], 0)
    assert same(first, again)
    assert torch.equal(run.photos.load([7])[0], decode(run.photos.paths[7], View(identity(3, SIDE), SIDE)))
    (tmp_path / "photos").rename(tmp_path / "elsewhere")
    shard = write_tar(tmp_path / "photos.tar", {f"{number}.jpg": jpeg(number) for number in range(40)})
    for source in (tmp_path / "elsewhere", shard):
        assert same(first, run(source))
        assert (run.decoded, run.computed) == ([], 0)


@pytest.mark.parametrize("there", [range(0, 60, 2), [59], range(1, 60), range(30)])
def test_only_what_is_missing_is_computed_and_no_bit_differs(run, tmp_path, there):
    """Photos with other neighbours, at other places of other batches, have the very values of a run without a cache."""
    without = run(write(tmp_path / "photos", *range(60)), cache=False)
    run(write(tmp_path / "some", *there))
    means = run(tmp_path / "photos")
    assert len(run.decoded) == 60 - len(there)
    assert run.computed == -(-(60 - len(there)) // BATCH)
    assert same(means, without)
    assert run.photos.paths == find_photos(tmp_path / "photos").paths


def test_only_layers_with_something_missing_are_read(run, tmp_path):
    """A layer below one that is there ends the forward pass early."""
    folder = write(tmp_path / "photos", *range(5))
    without = run(folder, "stem", "body.1", cache=False)
    run(folder, "body.1")
    means = run(folder, "stem", "body.1")
    assert run.read == [["stem"], ["stem"]]
    assert same(means, without)
    run(folder, "body.1", "stem")
    assert run.computed == 0


def test_photos_that_cannot_be_read_stay_out(run, tmp_path):
    """They are listed as skipped each time, between photos that come from the cache and photos that do not."""
    folder = write(tmp_path / "photos", *range(8))
    (folder / "3.jpg").write_bytes(b"\xff\xd8 broken")
    first = run(folder)
    write(folder, 9)
    means = run(folder)
    assert len(run.decoded) == 2
    assert [path.rpartition("/")[2] for path in run.photos.paths] == [f"{n}.jpg" for n in (0, 1, 2, 4, 5, 6, 7, 9)]
    assert [one.path.rpartition("/")[2] for one in run.photos.skipped] == ["3.jpg"]
    assert torch.equal(means["body.1"][:7], first["body.1"])
    (folder / "9.jpg").unlink()
    run(folder)
    assert run.computed == 0
    assert len(run.photos) == 7


def test_another_photo_under_the_same_name_is_another_photo(run, tmp_path):
    """The content counts."""
    folder = write(tmp_path / "photos", *range(4))
    run(folder)
    (folder / "2.jpg").write_bytes(jpeg(50))
    means = run(folder)
    assert len(run.decoded) == 1
    assert same(means, run(folder, cache=False))


def test_a_photo_that_changes_while_it_is_looked_at_is_not_kept(run, tmp_path, monkeypatch):
    """Its digest is that of what was there before."""
    folder = write(tmp_path / "photos", *range(4))
    decode = decoding.decode_with_remark

    def swapped(source, view):
        if source.endswith("2.jpg"):
            (folder / "2.jpg").write_bytes(jpeg(50))
        return decode(source, view)

    monkeypatch.setattr(decoding, "decode_with_remark", swapped)
    run(folder)
    monkeypatch.setattr(decoding, "decode_with_remark", decode)
    assert run.store._database.holdings()[0].entries == 3
    (folder / "2.jpg").write_bytes(jpeg(2))
    means = run(folder)
    assert same(means, run(folder, cache=False))


def test_arrays_are_photos_too(run):
    """By their values."""
    arrays = [np.asarray(Image.new("RGB", (20, 20), (n, 0, 0))) for n in range(3)]
    first = run(arrays)
    assert same(first, run([array.copy() for array in arrays]))
    assert run.computed == 0


def test_damaged_values_are_computed_again(run, tmp_path):
    """What is in the file is not trusted."""
    folder = write(tmp_path / "photos", *range(6))
    first = run(folder)
    connection = sqlite3.connect(run.store._database.path)
    connection.execute("UPDATE means SET value = zeroblob(64) WHERE rowid = 3")
    connection.commit()
    connection.close()
    assert same(first, run(folder))
    assert len(run.decoded) == 1


class AgainstTheOthers(nn.Module):
    """Answers a photo by what else is in its batch, if that is large: a survey with two images does not notice."""

    least = 5

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, images):
        features = self.conv(images)
        return features - features.mean(0, keepdim=True) * (len(images) >= self.least)


class AgainstAny(AgainstTheOthers):
    """The same in every batch of two and more."""

    least = 2


def test_a_network_that_compares_photos_is_never_cached(monkeypatch, tmp_path):
    """It is noticed, said, and computed each time."""
    run = Run(monkeypatch, tmp_path, nn.Sequential(seeded(AgainstTheOthers)))
    folder = write(tmp_path / "photos", *range(5))
    without = run(folder, "0", cache=False)
    for _ in range(2):
        assert same(run(folder, "0"), without)
        assert len(run.decoded) == 5
    assert "answers a photo by what else is in its batch" in run.said[0]
    assert run.store._database.holdings() == []


def test_a_network_that_is_seen_to_compare_photos_is_read_photo_by_photo(monkeypatch, tmp_path):
    """Each photo is answered for itself then: the same values as without comparing, kept like any."""
    run = Run(monkeypatch, tmp_path, nn.Sequential(seeded(AgainstAny)))
    folder = write(tmp_path / "photos", *range(5))
    first = run(folder, "0")
    plain = Run(monkeypatch, tmp_path / "plain", nn.Sequential(seeded(AgainstAny).conv))
    assert all(torch.allclose(first[key], value, atol=1e-5) for key, value in plain(folder, "0").items())
    assert same(run(folder, "0"), first)
    assert not run.decoded
    assert not run.said


class Broken(nn.Conv2d):
    """Gives no numbers for bright photos."""

    def forward(self, images):
        return super().forward(images) / (images.amax((1, 2, 3), keepdim=True) < 0.9)


def test_values_that_are_no_numbers_are_refused_each_time(monkeypatch, tmp_path):
    """They are not kept; the good ones are."""
    run = Run(monkeypatch, tmp_path, nn.Sequential(seeded(Broken, 3, 4, 3)))
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, level in enumerate((10, 60, 250)):
        Image.new("RGB", (40, 40), (level, 5, number)).save(folder / f"{number}.png")
    for _ in range(2):
        with pytest.raises(UserError, match="NaN or infinite activations for 1 of 3"):
            run(folder, "0")


def test_many_photos_are_kept_on_the_way(run, tmp_path, monkeypatch):
    """A run that is broken off leaves what it has computed."""
    monkeypatch.setattr(extraction, "KEEP_AT_ONCE", BATCH)
    folder = write(tmp_path / "photos", *range(3 * BATCH))
    decode = decoding.decode_with_remark

    def breaks(source, view):
        if len(run.decoded) > 2 * BATCH:
            raise KeyboardInterrupt
        return decode(source, view)

    monkeypatch.setattr(decoding, "decode_with_remark", breaks)
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    assert run.store._database.holdings()[0].entries == 2 * BATCH
