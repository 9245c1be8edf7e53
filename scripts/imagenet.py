"""Lay ImageNet-1k out as torchvision does, from the archives of ILSVRC2012 as they are downloaded, and check the counts.

    python scripts/imagenet.py imagenet
    mindseye visualize imagenet/train/n02391049 --model resnet50

The folder holds ILSVRC2012_devkit_t12.tar.gz and ILSVRC2012_img_train.tar or ILSVRC2012_img_val.tar, or both
(https://image-net.org, after registration). It gets train/nXXXXXXXX/, val/nXXXXXXXX/ and meta.bin, as torchvision.datasets.ImageNet
wants them. Run again after an interruption, it goes on where it stopped. The archives stay; nothing is ever deleted but
its own unfinished folders.
"""

import argparse
import re
import shutil
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from torchvision.datasets.imagenet import ARCHIVE_META, META_FILE, load_meta_file, parse_devkit_archive

CLASSES, TRAIN, VAL_EACH = 1000, 1_281_167, 50
UNFINISHED = ".unpacking"
MISTAKE, INTERRUPTED = 2, 130

WNID = re.compile(r"n\d{8}")
TRAIN_NAME = re.compile(r"(n\d{8})_\d+\.JPEG")
VAL_NAME = re.compile(r"ILSVRC2012_val_(\d{8})\.JPEG")


class ArchiveError(Exception):
    """What is wrong with an archive or its counts, in one line."""


def main() -> int:
    """Unpack and check; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the archives are, and where the layout goes")
    parser.add_argument("--check", action="store_true", help="only check the counts of what is there")
    options = parser.parse_args()
    folder: Path = options.folder
    try:
        if not options.check:
            unpack(folder)
        for line in check(folder):
            print(line)
    except (ArchiveError, OSError, tarfile.TarError, RuntimeError) as error:
        print(f"imagenet.py: {' '.join(str(error).split())}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print("\nimagenet.py: interrupted; the same command goes on where it stopped", file=sys.stderr)
        return INTERRUPTED
    return 0


def unpack(folder: Path) -> None:
    """Unpack whichever of the two archives of images are there and not unpacked yet.

    Raises:
        ArchiveError: if none is there, or one holds what it should not.
    """
    train, val, devkit = (folder / ARCHIVE_META[name][0] for name in ("train", "val", "devkit"))
    if not train.is_file() and not val.is_file():
        raise ArchiveError(
            f"neither {train.name} nor {val.name} is in {folder}: download them from https://image-net.org"
        )
    if not (folder / META_FILE).is_file():
        if not devkit.is_file():
            raise ArchiveError(f"{devkit.name} is missing in {folder}: it says which class a photo of {val.name} has")
        parse_devkit_archive(folder)  # checks its MD5 sum before it unpacks it
    names, truth = load_meta_file(folder)
    if train.is_file():
        unpack_train(train, folder / "train", names)
    if val.is_file():
        unpack_val(val, folder / "val", truth)


def unpack_train(archive: Path, folder: Path, names: Mapping[str, object]) -> None:
    """Unpack an archive of class archives: straight from inside it, each class's folder whole or not at all."""
    with tarfile.open(archive, "r:") as outer:
        for member in outer:
            wnid = Path(member.name).stem
            if not member.isreg() or member.name != f"{wnid}.tar" or wnid not in names:
                raise ArchiveError(f"{archive.name} holds {member.name!r}, which is no class of ILSVRC2012")
            if (folder / wnid).is_dir():
                continue
            content = outer.extractfile(member)
            with whole_folder(folder, wnid) as made, tarfile.open(fileobj=content, mode="r:") as inner:
                for photo in inner:
                    named = TRAIN_NAME.fullmatch(photo.name)
                    if not photo.isreg() or named is None or named[1] != wnid:
                        raise ArchiveError(
                            f"{member.name} of {archive.name} holds {photo.name!r}, which is no photo of {wnid}"
                        )
                    write(inner.extractfile(photo), made / photo.name, photo.size)
            print(f"train/{wnid}: {len(list((folder / wnid).iterdir())):,} photos", flush=True)


def unpack_val(archive: Path, folder: Path, truth: list[str]) -> None:
    """Unpack an archive of photos, each into the folder of its class; photo n has the n-th class of ``truth``."""
    done = {path.name for path in folder.glob("n*/*.JPEG")}
    with tarfile.open(archive, "r:") as photos:
        for photo in photos:
            named = VAL_NAME.fullmatch(photo.name)
            number = int(named[1]) if named else 0
            if not photo.isreg() or not 1 <= number <= len(truth):
                raise ArchiveError(f"{archive.name} holds {photo.name!r}, which is none of its {len(truth):,} photos")
            if photo.name not in done:
                (folder / truth[number - 1]).mkdir(parents=True, exist_ok=True)
                write(photos.extractfile(photo), folder / truth[number - 1] / photo.name, photo.size)
                done.add(photo.name)
    print(f"val: {len(done):,} photos", flush=True)


@contextmanager
def whole_folder(parent: Path, name: str) -> Iterator[Path]:
    """A folder to fill, which gets its name when it is full; what an interruption left of it is begun anew."""
    made = parent / UNFINISHED / name
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    yield made
    made.rename(parent / name)
    with suppress(OSError):
        made.parent.rmdir()


def write(content: IO[bytes] | None, path: Path, size: int) -> None:
    """Write a file whole or not at all; another one of its name is not replaced."""
    part = path.with_name(f"{path.name}{UNFINISHED}")
    with part.open("wb") as file:
        if content is not None:
            shutil.copyfileobj(content, file)
    if part.stat().st_size != size:
        part.unlink()
        raise ArchiveError(f"the archive ends within {path.name}: download it again")
    part.rename(path)


def check(folder: Path) -> list[str]:
    """Count the photos of each split that is there; returns what is right, in lines.

    Raises:
        ArchiveError: naming what is missing or too much.
    """
    _, truth = load_meta_file(folder)
    said = []
    for split in ("train", "val"):
        if not (folder / split).is_dir():
            continue
        counts = {
            entry.name: sum(1 for _ in entry.iterdir())
            for entry in (folder / split).iterdir()
            if WNID.fullmatch(entry.name)
        }
        total = sum(counts.values())
        missing = sorted(set(truth) - {name for name, count in counts.items() if count})
        if len(counts) != CLASSES or missing:
            named = f"; missing: {', '.join(missing[:5])}" if missing else ""
            raise ArchiveError(f"{split} has {len(counts):,} classes, not {CLASSES:,}{named}")
        if split == "val" and set(counts.values()) != {VAL_EACH}:
            odd = next(f"{name} has {count}" for name, count in sorted(counts.items()) if count != VAL_EACH)
            raise ArchiveError(f"{split}/{odd} photos, not {VAL_EACH}")
        wanted = TRAIN if split == "train" else CLASSES * VAL_EACH
        if total != wanted:
            raise ArchiveError(f"{split} has {total:,} photos, not {wanted:,}")
        said.append(f"{split}: {len(counts):,} classes, {total:,} photos, as it should be")
    return said


if __name__ == "__main__":
    sys.exit(main())
