"""Files that appear whole or not at all."""

import io
import json
import os
import shutil
import tempfile
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import load_file, save
from torch import Tensor

from mindseye.errors import UserError, one_line

UNFINISHED = ".mindseye-part"
"""How the name of a file ends while it is being written."""
PNG_EFFORT = 2
"""Of zlib; its default takes four times as long, for a twentieth of the bytes of a painted picture."""


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file under a temporary name beside it, then move it into place.

    Raises:
        UserError: if the disk is full or the folder cannot be written to; what stood there before is untouched.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=UNFINISHED)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise UserError(
            f"cannot write {path}: {error.strerror or error}; free some space or choose another --out"
        ) from error


def refuse_photos(out: Path, root: str) -> None:
    """See to it that nothing is written among the photos that it is made of. root: their folder, "" for arrays.

    Raises:
        UserError: if ``out`` is that folder.
    """
    if root and Path(root).resolve() == out.resolve():
        raise UserError(f"{out} is the folder of the photos, which a run would lie among; choose another --out")


def check_writable(folder: Path) -> None:
    """Make a folder and try whether it can be written to, before any work is done for it.

    Raises:
        UserError: naming the folder and the reason.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {one_line(error)}; choose another --out") from error


def remove(path: Path) -> None:
    """Remove a file, a folder with all that is in it, or a link, not what it leads to; nothing is no mistake."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write plain values or dataclasses as readable JSON; numbers that are not finite become null, as JSON has none.

    Escaped to ASCII: file names may hold bytes that are no text, and must come back as they are.
    """
    write_bytes(path, json.dumps(plain(content), indent=1, allow_nan=False).encode("ascii"))


def write_array(path: Path, values: npt.NDArray[Any]) -> None:
    """Write an array as NumPy has it (``.npy``)."""
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def write_image(path: Path, image: Image.Image, effort: int = -1) -> None:
    """Write an image as PNG. effort: of zlib, from 0 to 9; -1: its default."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=effort)
    write_bytes(path, buffer.getvalue())


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write named tensors as safetensors."""
    write_bytes(path, save({name: tensor.contiguous() for name, tensor in tensors.items()}))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read named tensors.

    Raises:
        UserError: if the file is damaged.
    """
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except Exception as error:  # safetensors raises its own type, which is not part of its stable interface
        raise UserError(f"{path} is damaged ({error}); start anew with --force") from error
    return tensors


def write_picture(path: Path, image: Tensor, metadata: dict[str, str]) -> None:
    """Write an image [channels, height, width] in [0, 1] as PNG with text metadata.

    One channel is written as grey and three as RGB. Of any other number the first is shown, and all of them are kept
    beside it as a float32 array (``.npy``).
    """
    if image.shape[0] not in (1, 3):
        write_array(path.with_suffix(".npy"), image.float().numpy())
    info = PngInfo()
    for key, text in metadata.items():
        info.add_itxt(key, text)
    buffer = io.BytesIO()
    Image.fromarray(_as_pixels(image).numpy()).save(buffer, "PNG", pnginfo=info, compress_level=PNG_EFFORT)
    write_bytes(path, buffer.getvalue())


def as_kept(image: Tensor) -> Tensor:
    """An image [channels, height, width] in [0, 1] as a run reads it from its folder, its layout in memory included.

    What a network computes depends on that layout in the last bits.
    """
    if image.shape[0] not in (1, 3):
        return image.float().contiguous()
    return _as_image(_as_pixels(image))[: image.shape[0]]


def read_picture(path: Path) -> Tensor:
    """Read a picture [3, height, width] in [0, 1], or the array of another number of channels that is kept beside it."""
    if path.with_suffix(".npy").is_file():
        return torch.from_numpy(np.load(path.with_suffix(".npy"), allow_pickle=False))
    with Image.open(path) as image:
        pixels = torch.frombuffer(bytearray(image.convert("RGB").tobytes()), dtype=torch.uint8)
        width, height = image.size
    return _as_image(pixels.view(height, width, 3))


def _as_pixels(image: Tensor) -> Tensor:
    """Bytes [height, width, 3] of an image [channels, height, width] in [0, 1]; of other than three channels, the first."""
    pixels = (image.clamp(0, 1) * 255).round().to(torch.uint8)
    if pixels.shape[0] != 3:
        pixels = pixels[:1].expand(3, -1, -1)
    return pixels.movedim(0, -1).contiguous()


def _as_image(pixels: Tensor) -> Tensor:
    return pixels.movedim(-1, 0).float() / 255


def plain(value: Any) -> Any:
    """A value as JSON will give it back: dataclasses as dictionaries, tuples as lists, numbers that are not finite as None."""
    if isinstance(value, float):
        return value if -float("inf") < value < float("inf") else None
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value
