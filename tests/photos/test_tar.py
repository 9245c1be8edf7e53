"""Photos in archives: read in place, by untrusted names, and the same as unpacked."""

import os
import pickle
import tarfile
from pathlib import Path

import pytest
import torch
from tars import jpeg, tar_bytes, write_tar

from mindseye.errors import UserError
from mindseye.photos.listing import list_photos
from mindseye.photos.photo_set import find_photos
from mindseye.photos.tar import find_member, open_file, read_index
from mindseye.preprocessing import identity

SEEN = identity(3, 16)
FILES = {f"ants/{number}.jpg": jpeg(number) for number in range(12)} | {"bees/1.png": jpeg(99, kind="PNG")}


def test_an_archive_is_seen_as_the_folder_it_would_unpack_to(tmp_path):
    """Order, labels, pixels: as of the folder, while decoding in processes too; offsets are tarfile's."""
    shard = write_tar(tmp_path / "photos.tar", FILES | {"ants/1.json": b"{}", "readme": b"text"})
    for name, content in FILES.items():
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(content)
    there, here = find_photos(shard, recursive=True), find_photos(tmp_path / "photos", recursive=True)
    names = [path.partition("!")[2] for path in there.paths]
    assert names == [os.path.relpath(path, tmp_path / "photos") for path in here.paths]
    assert there.labels == here.labels
    assert [(one.path, one.reason) for one in there.skipped] == [(f"{shard}!readme", "no image, by its name")]
    seen = [torch.cat([pixels for _, pixels in found.batches(SEEN, 16, 3, workers=2)]) for found in (there, here)]
    assert torch.equal(*seen)
    assert torch.equal(there.load([3]), seen[0][3:4])
    with tarfile.open(shard) as archive:
        for member in read_index(shard).members.values():
            assert (member.offset, member.size) == (
                archive.getmember(member.name).offset_data,
                archive.getmember(member.name).size,
            )


def test_photos_of_an_archive_by_path(tmp_path):
    """What a manifest keeps of a photo finds it again, alone or in a list; restoring asks for nothing else."""
    shard = write_tar(tmp_path / "photos.tar", FILES)
    paths = find_photos(shard).paths
    again = find_photos([paths[2], paths[0], paths[2]])
    assert again.paths == [paths[2], paths[0]]
    assert [one.reason for one in again.skipped] == ["listed twice"]
    assert find_photos(paths[0]).paths == paths[:1]
    again.restore([paths[0]], SEEN, 16, 3)
    first = find_photos(shard)
    next(iter(first.batches(SEEN, 16, 3)))
    list(first.batches(SEEN, 16, 3))
    assert torch.equal(again.load([0]), first.load([0]))
    with open_file(Path(paths[0])) as file:
        assert file.read() == FILES["ants/0.jpg"]
    member = find_member(paths[0])
    assert pickle.loads(pickle.dumps(member)) == member
    assert find_photos([member]).digest() == find_photos(paths[0]).digest()
    with pytest.raises(UserError, match="no such file"):
        list_photos(f"{shard}!ants/100.jpg")


def test_names_of_members_are_not_trusted(tmp_path):
    """Names that lead out of the archive, links and devices are never photos, and touch nothing outside."""
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(jpeg(1))
    shard = tmp_path / "bad.tar"
    with tarfile.open(shard, "w") as archive:
        archive.add(outside, "good.jpg")
        archive.add(outside, "./sub//../also_good.jpg")
        for number, name in enumerate(("../up.jpg", "/etc/photo.jpg", "a/../../b.jpg", "new\nline.jpg")):
            info = tarfile.TarInfo(name)
            info.size = 0
            archive.addfile(info)
            assert number < 4
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo("link.jpg")
            info.type, info.linkname = kind, str(outside)
            archive.addfile(info)
    listing = list_photos(shard)
    assert [entry.path for entry in listing.entries] == [f"{shard}!also_good.jpg", f"{shard}!good.jpg"]
    assert {one.reason for one in listing.skipped} == {"a name that no file of an archive should have"}
    assert len(listing.skipped) == 4
    assert find_member(f"{shard}!../outside.jpg") is None


def test_damaged_and_changed_archives(tmp_path):
    """A cut archive gives what is whole; one that changed since it was listed gives nothing wrong; no archive is named."""
    content = tar_bytes({f"{number}.jpg": jpeg(number) for number in range(3)})
    shard = tmp_path / "cut.tar"
    shard.write_bytes(content[: 512 + 512 * (len(jpeg(0)) // 512 + 1) + 700])
    listing = list_photos(shard)
    assert [entry.path for entry in listing.entries] == [f"{shard}!0.jpg"]
    assert any("archive" in one.reason for one in listing.skipped)
    images = find_photos(shard)
    list(images.batches(SEEN, 16, 3))
    shard.write_bytes(b"no archive" * 1000)
    os.utime(shard, ns=(0, 0))
    images.forget()
    with pytest.raises(UserError, match="changed"):
        images.load([0])
    with pytest.raises(UserError, match="not a plain tar"):
        list_photos(shard)
    (tmp_path / "photos.tar.gz").write_bytes(b"")
    with pytest.raises(UserError, match="uncompress"):
        list_photos(tmp_path / "photos.tar.gz")
    with pytest.raises(UserError, match="no photos in"):
        list_photos(write_tar(tmp_path / "texts.tar", {"a.txt": b"a"}))


def test_of_several_files_of_a_name_the_last_counts(tmp_path):
    """As when an archive is unpacked."""
    shard = tmp_path / "twice.tar"
    with tarfile.open(shard, "w") as archive:
        for number in (1, 2):
            (tmp_path / f"{number}.jpg").write_bytes(jpeg(number))
            archive.add(tmp_path / f"{number}.jpg", "photo.jpg")
    assert find_member(f"{shard}!photo.jpg").open().read() == jpeg(2)
