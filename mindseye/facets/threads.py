"""One thread for scikit-learn: two take sums in another order, and t-SNE and k-Means blow the last bit up into other facets."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Has scikit-learn and what it computes with work on one thread until the end."""
    # Imported here, as that takes half a second; and first, as only libraries that are loaded already can be limited.
    import sklearn.cluster
    import sklearn.decomposition
    import sklearn.manifold  # noqa: F401

    with threadpool_limits(limits=1):
        yield
