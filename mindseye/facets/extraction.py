"""Mean activations of photos, each computed once: what an earlier run kept is neither decoded nor computed again."""

import os
from collections.abc import Callable, Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b, file_digest
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mindseye.facets.activations import check_finite, normalise_photos
from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.models.load import Model
from mindseye.photos.decode import View
from mindseye.photos.photo_set import PhotoSet
from mindseye.photos.tar import Member, open_file
from mindseye.store.context import DIGEST_BYTES, Context, array_digest, contexts
from mindseye.store.store import Store

# The last bits of a photo's activations depend on how many photos are computed at once, and on nothing else in its batch
# (benchmarks/cache.py measures it): so every batch has this size, the last one filled up.
BATCH = 32
KEEP_AT_ONCE = 512
HASHING_THREADS = 8

Means = dict[str, Tensor]
Forward = Callable[[Tensor], Means]


@torch.no_grad()
def extract(
    model: Model,
    layers: Sequence[Layer],
    photos: PhotoSet,
    side: int,
    device: torch.device,
    store: Store | None = None,
    advance: Callable[[int], None] = lambda count: None,
    say: Callable[[str], None] = lambda text: None,
) -> Means:
    """The mean over positions of every photo's activations at each layer, {address: [photos, channels]}, on the CPU.

    A pass over the set: photos that do not decode are left out of it. With a store, what it holds of the photos' content is
    taken from there, to the last bit what would be computed, and the rest is kept there: photos of which all is there are
    not decoded, and layers of which nothing is missing are not computed.

    advance: told how many photos more are done. say: told what is not kept, and why.

    Raises:
        UserError: if no photo decodes, or an activation is NaN or infinite, naming the layer.
    """
    cache = None if store is None else _open_cache(store, model, layers, photos, side, device, say)
    rows = {layer.address: _Rows(photos.paths, cache.find(layer.address) if cache else {}) for layer in layers}
    complete = frozenset(path for path in photos.paths if all(path in row.held for row in rows.values()))
    advance(len(complete))
    incomplete_layers = [layer for layer in layers if len(rows[layer.address].held) < len(photos)]
    with Reader(model.network, incomplete_layers) as read:
        forward = partial(_forward, read, model, device)
        view = View(model.preprocessing, side, model.in_channels)
        batches = photos.named_batches(view, BATCH, known=complete)
        for paths, _, images in batches:
            means = forward(images)
            for address, values in means.items():
                rows[address].take(paths, values)
            if cache:
                cache.take(paths, images, means, forward, photos.remarks)
            advance(len(paths))
    if cache:
        cache.flush()
    stacked = {address: row.stack(photos.paths) for address, row in rows.items()}
    for address, means_of_all in stacked.items():
        check_finite(means_of_all, address)
    return stacked


class _Rows:
    """The mean activations of photos at one layer: what the store held of them, {path: [channels]}, and what is computed.

    This lies in one block from the first batch on. A tensor for each photo, kept between the large ones that every batch
    needs for a moment, would split the memory of those, so that a process would grow with every batch.
    """

    def __init__(self, paths: Sequence[str], held: Means) -> None:
        self.held = held
        self._numbers = {path: number for number, path in enumerate(paths)}
        self._block: Tensor | None = None

    def take(self, paths: Sequence[str], values: Tensor) -> None:
        """Take the values [b, channels] of some photos; of those that were held, they are let go."""
        if self._block is None:
            self._block = values.new_empty(len(self._numbers), values.shape[1])
        fresh = [number for number, path in enumerate(paths) if path not in self.held]
        self._block[[self._numbers[paths[number]] for number in fresh]] = values[fresh]

    def stack(self, paths: Sequence[str]) -> Tensor:
        """Those of some photos, [photos, channels]."""
        if self._block is None:
            return torch.stack([self.held[path] for path in paths])
        if not self.held and len(paths) == len(self._numbers):
            return self._block
        means = self._block[[self._numbers[path] for path in paths]]
        for number, path in enumerate(paths):
            if path in self.held:
                means[number] = self.held[path]
        return means


def _forward(read: Reader, model: Model, device: torch.device, images: Tensor) -> Means:
    """{address: [b, channels]} of photos, uint8 [b, channels, side, side], b at most ``BATCH``."""
    spare = images[:1].expand(BATCH - len(images), *images.shape[1:])
    activations = read(normalise_photos(torch.cat([images, spare]), model.preprocessing, device))
    return {address: activation[: len(images)].float().mean(-1).cpu() for address, activation in activations.items()}


@dataclass(frozen=True)
class _Fingerprint:
    """The digest of a photo's content, and the state of its file then; None where that cannot change unseen."""

    digest: bytes
    state: tuple[int, int, int] | None = None


@dataclass
class _CacheWriter:
    """What one pass has to do with the store. waiting: values that are not kept yet, by address and photo's digest."""

    store: Store
    contexts: dict[str, Context]
    fingerprints: Mapping[str, _Fingerprint]
    unchecked: set[str]
    say: Callable[[str], None]
    waiting: dict[str, dict[bytes, Tensor]] = field(default_factory=dict)

    def find(self, address: str) -> Means:
        """What the store holds of a layer, {path: [channels]}."""
        digests = {path: fingerprint.digest for path, fingerprint in self.fingerprints.items()}
        held = self.store.find(self.contexts[address], list(set(digests.values())))
        return {path: held[digest] for path, digest in digests.items() if digest in held}

    def take(
        self, paths: Sequence[str], images: Tensor, means: Means, forward: Forward, remarks: Container[str] = ()
    ) -> None:
        """Take the values of a batch to be kept.

        remarks: paths of photos of which there is something to say, found by decoding them: every run is to say it, so that
        nothing of them is kept.
        """
        self._check(images, means, forward)
        sure = [
            number
            for number, path in enumerate(paths)
            if path not in remarks and path in self.fingerprints and _is_same(path, self.fingerprints[path])
        ]
        for address, values in means.items():
            if address in self.contexts:
                taken = {self.fingerprints[paths[number]].digest: values[number] for number in sure}
                self.waiting.setdefault(address, {}).update(
                    {digest: value for digest, value in taken.items() if value.isfinite().all()}
                )
        if any(len(values) >= KEEP_AT_ONCE for values in self.waiting.values()):
            self.flush()

    def flush(self) -> None:
        """Keep what has been taken."""
        for address, values in self.waiting.items():
            self.store.keep(self.contexts[address], values)
        self.waiting = {}

    def _check(self, images: Tensor, means: Means, forward: Forward) -> None:
        """Find out, once for each context, whether a photo's values depend on its neighbours: then they are not kept.

        The photos of a batch are computed again at other places, with negatives in place of every other photo.
        """
        addresses = self.unchecked & set(means)
        self.unchecked -= addresses
        if not addresses:
            return
        moved = torch.cat([images, images])[:BATCH].roll(1, 0)
        moved[::2] = 255 - moved[::2]
        again = forward(moved)
        odd = torch.arange(1, len(moved), 2)
        for address in sorted(addresses):
            if not torch.equal(again[address][odd], means[address][(odd - 1) % len(images)]):
                del self.contexts[address]
                self.say(
                    f"note: {address} answers a photo by what else is in its batch; nothing of it is kept in the cache"
                )


def _open_cache(
    store: Store,
    model: Model,
    layers: Sequence[Layer],
    photos: PhotoSet,
    side: int,
    device: torch.device,
    say: Callable[[str], None],
) -> _CacheWriter | None:
    layer_contexts = contexts(model, layers, side, BATCH, device)
    if not layer_contexts:
        say("note: the network's code is in no file, so nothing of it is kept in the cache")
        return None
    with ThreadPoolExecutor(HASHING_THREADS) as threads:
        sources = photos.sources()
        fingerprints = dict(zip(sources, threads.map(_fingerprint, sources.values()), strict=True))
    return _CacheWriter(
        store=store,
        contexts=layer_contexts,
        fingerprints={path: fingerprint for path, fingerprint in fingerprints.items() if fingerprint is not None},
        unchecked={address for address, context in layer_contexts.items() if not store.knows(context)},
        say=say,
    )


def _fingerprint(source: Any) -> _Fingerprint | None:
    """Of a photo that can be read; decoding will say what is wrong with any other."""
    if isinstance(source, np.ndarray):
        return _Fingerprint(array_digest(source))
    if not isinstance(source, str | Member):
        return None
    try:
        with open_file(source) as file:
            state = None if isinstance(source, Member) else _state(os.fstat(file.fileno()))
            return _Fingerprint(file_digest(file, lambda: blake2b(digest_size=DIGEST_BYTES)).digest(), state)
    except OSError:
        return None


def _state(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _is_same(path: str, fingerprint: _Fingerprint) -> bool:
    """Whether a file is still what it was when its digest was taken: it has been decoded since."""
    try:
        return fingerprint.state is None or _state(os.stat(path)) == fingerprint.state  # noqa: PTH116
    except OSError:
        return False
