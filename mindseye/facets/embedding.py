"""From activations to a plane: PCA, then t-SNE (Stergiou, "The Mind's Eye", ICIP 2021, section 2)."""

import importlib.util
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.threads import one_thread
from mindseye.wording import install_command

Floats = NDArray[np.floating[Any]]
Method = Literal["auto", "tsne", "opentsne", "pca"]

# Above this many images openTSNE takes over where it is installed; up to 6000 it saves a quarter of the time only, and
# beyond 10000 its repulsion is interpolated, at a cost that no longer outgrows the images: benchmarks/clustering.py.
LARGE = 10_000
# Below it the perplexity would fall under 2: t-SNE then tears apart what a PCA plane still shows.
SMALLEST_FOR_TSNE = 7
# Up to this many rows or columns an exact decomposition costs less than a second.
EXACT_PCA = 500
# Components that vary by less than this share of the first are float32's rounding.
ROUNDING = 1e-5
# The spread of the start, small enough for early exaggeration to work (scikit-learn's and openTSNE's own value).
START_SPREAD = 1e-4


@dataclass(frozen=True)
class Embedding:
    """Every image as a point of a plane.

    points: [images, 2], float32. method: what drew the plane, "tsne", "opentsne" or "pca". perplexity: as used, 0 for
    "pca". components: how many principal components t-SNE was given. notes: what was lowered or replaced, a line each.
    """

    points: NDArray[np.float32]
    method: str
    perplexity: float
    components: int
    notes: tuple[str, ...]


def embed(
    features: Floats | Tensor, seed: int, method: Method = "auto", components: int = 50, perplexity: float = 30.0
) -> Embedding:
    """Embed activations [images, channels] in a plane, alike images close together.

    PCA to at most `components`, then t-SNE (van der Maaten & Hinton, JMLR 2008) from the first two components. The
    same features and seed give the same points whatever the number of threads, and the points do not depend on the
    unit of the features. `method` "auto" is scikit-learn's t-SNE up to 10000 images and openTSNE beyond, where it is
    installed. The perplexity is lowered to a third of the other images. Where t-SNE has nothing to do (fewer than 7
    images, or activations that already lie in a plane) the plane of the first two components is returned.

    Raises UserError for no images, activations that are not finite, an unknown method, a method that is not
    installed, fewer than 1 component or a perplexity that is not positive.
    """
    _check_options(method, components, perplexity)
    values = _check_features(features)
    with one_thread():
        reduced = _principal_components(values, components, seed)
        reason = _why_no_tsne(reduced)
        if method == "pca" or reason:
            notes = (f"{reason}: the plane of the first two principal components is used",) if reason else ()
            return Embedding(_plane(reduced), "pca", 0.0, reduced.shape[1], notes)
        chosen, chosen_notes = _choose(method, len(values))
        used, perplexity_notes = _fit_perplexity(perplexity, len(values))
        points = (_opentsne if chosen == "opentsne" else _tsne)(reduced, used, seed)
    return Embedding(points, chosen, used, reduced.shape[1], chosen_notes + perplexity_notes)


def _check_options(method: str, components: int, perplexity: float) -> None:
    if method not in get_args(Method):
        raise UserError(f"unknown embedding method {method!r}; choose from {', '.join(get_args(Method))}")
    if method == "opentsne" and not _opentsne_installed():
        raise UserError(f'embedding method "opentsne" needs openTSNE: {install_command("fast")}, or use "tsne"')
    if components < 1:
        raise UserError(f"PCA needs at least 1 component, not {components}")
    if not perplexity > 0:
        raise UserError(f"perplexity must be positive, not {perplexity:g} (30 is usual)")


def _check_features(features: Floats | Tensor) -> NDArray[np.float32]:
    """The features as float32 [images, channels], divided by their largest magnitude; all finite."""
    array = features.detach().cpu().float().numpy() if isinstance(features, Tensor) else np.asarray(features)
    if array.ndim != 2:
        raise ValueError(f"features must be [images, channels], not of shape {array.shape}")
    if 0 in array.shape:
        raise UserError(f"no activations to group: {array.shape[0]} photos, {array.shape[1]} channels")
    largest = max(float(array.max()), -float(array.min()))
    if not np.isfinite(largest):  # which is so where any value is not
        broken = int((~np.isfinite(array)).any(axis=1).sum())
        raise UserError(
            f"{broken} of {len(array)} photos have activations that are not finite (NaN or Inf) at this layer; "
            "check the checkpoint, use float32, or leave those images out"
        )
    return np.asarray(array / (largest or 1.0), dtype=np.float32)


def _principal_components(values: NDArray[np.float32], components: int, seed: int) -> NDArray[np.float32]:
    """Coordinates along the components that vary, largest first, the first with variance 1; [images, at most that].

    The values themselves are overwritten: of many images, each copy would take as much memory as all that came before.
    """
    # From the first row rather than the mean: identical rows become exact zeros instead of rounding noise.
    offsets = values
    offsets -= values[0].copy()
    largest = max(float(offsets.max()), -float(offsets.min()))
    if largest == 0.0:
        return np.zeros((len(values), 0), dtype=np.float32)
    exact = min(values.shape) <= EXACT_PCA
    from sklearn.decomposition import PCA

    solver = "full" if exact else "randomized"
    pca = PCA(min(components, *values.shape), svd_solver=solver, random_state=seed, copy=False)
    offsets /= largest
    coordinates: NDArray[np.float32] = pca.fit_transform(offsets)
    spread = coordinates.std(axis=0)
    varying = spread > spread[0] * ROUNDING
    return np.ascontiguousarray(coordinates[:, varying] / spread[0])


def _why_no_tsne(reduced: NDArray[np.float32]) -> str:
    """Why t-SNE would add nothing, or an empty string."""
    images, varying = reduced.shape
    if varying == 0:
        return "one photo only" if images == 1 else f"all {images} photos have the same activations"
    if images < SMALLEST_FOR_TSNE:
        return f"{images} photos are too few for t-SNE ({SMALLEST_FOR_TSNE} are needed)"
    if varying <= 2:
        return f"the activations vary along {varying} {'direction' if varying == 1 else 'directions'} only"
    return ""


def _plane(reduced: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first two components, zeros where there are fewer."""
    points = np.zeros((len(reduced), 2), dtype=np.float32)
    points[:, : reduced.shape[1]] = reduced[:, :2]
    return points


def _choose(method: Method, images: int) -> tuple[str, tuple[str, ...]]:
    if method != "auto":
        return method, ()
    if images <= LARGE:
        return "tsne", ()
    if _opentsne_installed():
        return "opentsne", (
            f"{images} photos: openTSNE drew the map; fewer facets than there are groups may join others than scikit-learn's would",
        )
    return "tsne", (f"{images} photos embed faster with openTSNE: {install_command('fast')}",)


def _opentsne_installed() -> bool:
    return importlib.util.find_spec("openTSNE") is not None


def _fit_perplexity(perplexity: float, images: int) -> tuple[float, tuple[str, ...]]:
    largest = (images - 1) / 3
    if perplexity <= largest:
        return perplexity, ()
    return largest, (f"t-SNE's perplexity lowered from {perplexity:g} to {largest:.3g} for {images} photos",)


def _tsne(reduced: NDArray[np.float32], perplexity: float, seed: int) -> NDArray[np.float32]:
    from sklearn.manifold import TSNE

    tsne = TSNE(perplexity=perplexity, init=_plane(reduced) * START_SPREAD, random_state=seed, n_jobs=1)
    points: NDArray[np.float32] = tsne.fit_transform(reduced)
    return points


def _opentsne(reduced: NDArray[np.float32], perplexity: float, seed: int) -> NDArray[np.float32]:
    import openTSNE  # Optional, and slow to import.

    start = _plane(reduced).astype(np.float64) * START_SPREAD
    # Its libraries may have been loaded only now, past the limit that embed() has set.
    with threadpool_limits(limits=1):
        fitted = openTSNE.TSNE(perplexity=perplexity, initialization=start, random_state=seed, n_jobs=1).fit(reduced)
    return np.asarray(fitted, dtype=np.float32)
