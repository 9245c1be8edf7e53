"""The cache of activations as one call: ``mindseye.cache()``."""

from mindseye.store.settings import parse_size
from mindseye.store.store import Status, cache_status


def cache(*, empty: bool = False, limit: str | int | None = None) -> Status:
    """What is kept of photos' activations between runs: where, how much of it, and how often it served.

    Args:
        empty: drop all of it before.
        limit: how large it may grow from now on: bytes, or a text such as ``"20GB"``; what is over it is dropped at once, the
            longest unused first. 0 keeps nothing. ``$MINDSEYE_CACHE_LIMIT`` goes before it.

    Returns:
        folder, size, limit, entries, hits, misses, holdings (entries and size by network and layer), and the bytes that this
        call has freed.

    Raises:
        UserError: if the cache cannot be read or written, or the limit is no size.
    """
    return cache_status(empty, None if limit is None else parse_size(str(limit), "the cache's limit"))
