"""What an activation depends on besides the photo, as a digest: a value of one context serves in no other."""

import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b, file_digest
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL
import torch
from PIL import features
from torch import Tensor, nn

from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.models.load import Model, digest
from mindseye.preprocessing import Preprocessing

# Part of every context: raised when what is kept, or how it is computed, changes.
SCHEME = 2
DIGEST_BYTES = 16
# Their code changes with their version; that of any other module is read.
LIBRARIES = ("torch", "torchvision", "timm")


@dataclass(frozen=True)
class Context:
    """What a kept value depends on besides the photo. about: for people."""

    digest: bytes
    about: str


@torch.no_grad()
def contexts(model: Model, layers: Sequence[Layer], side: int, batch: int, device: torch.device) -> dict[str, Context]:
    """The context of each layer's mean activations, {address: context}; none where the network's code cannot be read.

    It holds the network's weights, its modules with their settings and their code, the preprocessing, side in px and number
    of channels, the size of the batch, the device, the number of threads and the versions of what computes and decodes. And
    the layer's answer to two fixed images, bit by bit: what has no name here (a setting that no module prints, a hook, a
    variable of the environment) shows in it.
    """
    code = _code(model.network)
    if code is None:
        return {}
    shared = [
        f"{SCHEME} {side} {model.in_channels} {batch}",
        digest(model.network),
        *_modules(model.network),
        *_preprocessing(model.preprocessing),
        *code,
        *_environment(device),
    ]
    with Reader(model.network, layers) as read:
        answers = read(model.preprocessing.normalise(_probe(side, model.in_channels).to(device)))
    return {
        address: Context(
            _digest([*shared, address, _bits(answer.float().mean(-1))]), f"{model.name} {address}, {side} px"
        )
        for address, answer in answers.items()
    }


def array_digest(array: npt.NDArray[Any]) -> bytes:
    """The digest of an array: its values, their kind and its shape."""
    hasher = blake2b(f"{array.dtype.str} {array.shape}".encode(), digest_size=DIGEST_BYTES)
    hasher.update(np.ascontiguousarray(array).tobytes())
    return hasher.digest()


def _digest(parts: Sequence[str]) -> bytes:
    hasher = blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        hasher.update(f"{len(part)}:{part}".encode("utf-8", "surrogateescape"))
    return hasher.digest()


def _modules(network: nn.Module) -> Iterator[str]:
    """Every module with what it prints of itself, and every tensor's kind, shape and layout in memory."""
    for name, module in network.named_modules():
        kind = type(module)
        yield f"{name} {kind.__module__}.{kind.__qualname__} {module.extra_repr()} {module.training}"
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        yield f"{name} {tensor.dtype} {tuple(tensor.shape)} {tensor.stride()}"
    state_names = set(network.state_dict())
    for name, tensor in network.named_buffers():
        if name not in state_names:
            yield f"{name} {_bits(tensor)}"


def _preprocessing(preprocessing: Preprocessing) -> Iterator[str]:
    """All that decides what the network sees of a photo; ``source`` says it in words only."""
    yield from (f"{key} {value!r}" for key, value in preprocessing.describe().items() if key != "source")


def _code(network: nn.Module) -> list[str] | None:
    """The files that the network's modules are written in, by digest; None if one of them has no file."""
    names = sorted({type(module).__module__ for module in network.modules()})
    digests: list[str] = []
    for name in names:
        if name.partition(".")[0] in LIBRARIES:
            continue
        file = getattr(sys.modules.get(name), "__file__", None)
        if name == "__main__" or file is None:
            return None
        try:
            with Path(file).open("rb") as source:
                digests.append(f"{name} {file_digest(source, 'blake2b').hexdigest()}")
        except OSError:
            return None
    return digests


def _environment(device: torch.device) -> Iterator[str]:
    yield from _versions()
    yield f"{torch.get_default_dtype()} {torch.get_float32_matmul_precision()} {device.type}"
    if device.type == "cuda":
        cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
        yield f"{torch.cuda.get_device_name(device)} {torch.version.cuda} {cudnn}"
        yield f"{torch.backends.cudnn.allow_tf32} {torch.backends.cudnn.benchmark} {torch.backends.cudnn.deterministic}"
    else:
        yield f"{_processor()} {torch.backends.cpu.get_cpu_capability()} {torch.get_num_threads()}"
        yield f"{torch.backends.mkldnn.enabled}"


@cache
def _versions() -> tuple[str, ...]:
    formats = ("jpg", "libjpeg_turbo", "zlib", "libtiff", "webp")
    decoders = [f"{name} {features.version(name)}" for name in formats]
    libraries = [f"{name} {_version(name)}" for name in LIBRARIES]
    return (f"Pillow {PIL.__version__}", *decoders, *libraries)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


@cache
def _processor() -> str:
    """The processor's model, as far as the system tells: another one may sum in another order."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{platform.machine()} {names[0] if names else platform.processor()}"


def _probe(side: int, channels: int) -> Tensor:
    """Two images [2, channels, side, side] in [0, 1]: noise, and waves of several lengths."""
    noise = np.random.default_rng(0).random((channels, side, side), np.float32)
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) / side
    waves = np.stack([0.5 + 0.5 * np.sin(7 * (band + 1) * rows + 11 * columns**2) for band in range(channels)])
    return torch.from_numpy(np.stack([noise, waves.astype(np.float32)]))


def _bits(tensor: Tensor) -> str:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return blake2b(flat.view(torch.uint8).numpy().tobytes(), digest_size=DIGEST_BYTES).hexdigest()
