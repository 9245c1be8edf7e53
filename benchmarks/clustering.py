"""Facets of a large image set: seconds of scikit-learn's t-SNE and of openTSNE, and whether their facets agree.

Random 80 % of the images are drawn several times, embedded and clustered with both libraries. How well scikit-learn
agrees with itself from one draw to another (adjusted Rand index on the images that both hold) is the yardstick:
openTSNE on one against scikit-learn on another should agree as well. Run by hand:

    python benchmarks/clustering.py --images 20000
    python benchmarks/clustering.py --activations activations.npy
"""

import argparse
import time
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mindseye.facets.clustering import cluster
from mindseye.facets.embedding import Method, embed
from mindseye.facets.stability import agreement

LIBRARIES: dict[Method, str] = {"tsne": "scikit-learn", "opentsne": "openTSNE"}
COMPARED: tuple[tuple[Method, Method], ...] = (("tsne", "tsne"), ("opentsne", "tsne"), ("opentsne", "opentsne"))


def main() -> None:
    """Embed, cluster, compare, print two Markdown tables."""
    options = _options()
    features = np.load(options.activations) if options.activations else mixture(options.images, options.dims, 0)
    draw = np.random.default_rng(options.seed)
    parts = [np.arange(len(features))]
    parts += [np.sort(draw.permutation(len(features))[: round(0.8 * len(features))]) for _ in range(options.subsets)]
    timings = {method: [timed(features[part], options.seed, method) for part in parts] for method in LIBRARIES}
    print_times(timings, len(features))
    columns = ("scikit-learn, scikit-learn", "openTSNE, scikit-learn", "openTSNE, openTSNE", "both, on all images")
    print(f"\n| facets | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for facets in options.facets:
        found = {
            method: [cluster(timing.points, facets, options.seed).assignment for timing in timings[method]]
            for method in LIBRARIES
        }
        values = [across(parts, found[first], found[second]) for first, second in COMPARED]
        values.append(f"{agreement(parts[0], found['tsne'][0], parts[0], found['opentsne'][0]):.3f}")
        print(f"| {facets} | {' | '.join(values)} |")


@dataclass(frozen=True)
class Timing:
    """points: [images, 2]. seconds on the wall and of this process on the processor."""

    points: NDArray[np.float32]
    seconds: float
    processor: float


def timed(features: NDArray[Any], seed: int, method: Method) -> Timing:
    """The embedding and what it took."""
    wall, processor = time.perf_counter(), time.process_time()
    points = embed(features, seed, method).points
    timing = Timing(points, time.perf_counter() - wall, time.process_time() - processor)
    print(f"{LIBRARIES[method]}: {len(features)} images in {timing.seconds:.1f} s", flush=True)
    return timing


def print_times(timings: dict[Method, list[Timing]], images: int) -> None:
    """The first table: all images, one thread."""
    print(f"\n| {images} images, one thread | seconds | processor seconds |\n|---|---|---|")
    for method, (timing, *_) in timings.items():
        print(f"| {LIBRARIES[method]} | {timing.seconds:.1f} | {timing.processor:.1f} |")


def across(parts: list[NDArray[np.int64]], first: list[NDArray[np.int64]], second: list[NDArray[np.int64]]) -> str:
    """Mean and range of the agreement over all pairs of different subsets (part 0 is the whole set)."""
    pairs = permutations(range(1, len(parts)), 2)
    values = [agreement(parts[a], first[a], parts[b], second[b]) for a, b in pairs]
    return f"{np.mean(values):.3f} ({min(values):.3f}-{max(values):.3f})"


def mixture(images: int, channels: int, seed: int) -> NDArray[np.float32]:
    """Rectified activations [images, channels]: 10 groups of 10 overlapping clusters of unequal size each."""
    draw = np.random.default_rng(seed)
    groups, each, hidden = 10, 10, 64
    spectrum = 1 / np.arange(1, hidden + 1) ** 0.5
    centres = np.repeat(draw.normal(size=(groups, hidden)), each, axis=0) + draw.normal(size=(groups * each, hidden))
    shares = draw.dirichlet(np.full(groups * each, 2.0))
    latent = centres[draw.choice(groups * each, images, p=shares)] + draw.normal(size=(images, hidden))
    mixed = (latent * spectrum).astype(np.float32) @ draw.normal(size=(hidden, channels)).astype(np.float32)
    mixed += 2 * draw.normal(size=mixed.shape).astype(np.float32)
    return np.maximum(mixed - 1, 0, dtype=np.float32)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--images", type=int, default=20000)
    parser.add_argument("--dims", type=int, default=1280, help="channels of the made activations")
    parser.add_argument("--activations", help="a .npy file [images, channels] instead of made ones")
    parser.add_argument("--facets", type=int, nargs="+", default=[4, 10, 50])
    parser.add_argument("--subsets", type=int, default=3, help="draws of 80 %% of the images")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
