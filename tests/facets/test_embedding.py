"""The embedding: the same whatever the threads, true to the neighbourhoods, honest where there is little to embed."""

import os
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness
from sklearn.metrics import adjusted_rand_score

from mindseye.errors import UserError
from mindseye.facets import embedding
from mindseye.facets.embedding import Method, embed
from mindseye.wording import install_command

SCRIPT = """
import hashlib
import numpy as np
from mindseye.facets.embedding import embed
draw = np.random.default_rng(0)
x = (draw.normal(size=(6, 256))[np.arange(600) % 6] + draw.normal(size=(600, 256))).astype(np.float32)
for images, method in ((600, "pca"), (600, "tsne"), (150, "opentsne")):
    print(hashlib.sha256(embed(x[:images], 3, method).points.tobytes()).hexdigest())
"""


def groups(
    images: int, channels: int = 64, count: int = 3, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Well separated groups of activations and the group of each image."""
    draw = np.random.default_rng(seed)
    truth = np.arange(images) % count
    centres = 2 * draw.normal(size=(count, channels))
    return (centres[truth] + draw.normal(size=(images, channels))).astype(np.float32), truth


def recovered(points: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Adjusted Rand index of k-Means on the plane with the known groups."""
    return float(adjusted_rand_score(truth, KMeans(truth.max() + 1, n_init=10, random_state=0).fit_predict(points)))


def in_process(script: str, threads: int) -> list[str]:
    """The lines that a script prints with so many threads."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, str(threads)) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.slow
def test_any_number_of_threads_gives_the_same_points() -> None:
    """Bit for bit, in fresh processes with one thread and with two; the set is large enough for two to share a sum."""
    pytest.importorskip("openTSNE")
    one, two = in_process(SCRIPT, 1), in_process(SCRIPT, 2)
    assert len(set(one)) == 3
    assert one == two


def test_the_thread_limit_is_lifted_afterwards() -> None:
    """Other work gets its threads back."""
    from threadpoolctl import threadpool_info, threadpool_limits

    with threadpool_limits(limits=2):
        before = [pool["num_threads"] for pool in threadpool_info()]
        embed(groups(12)[0], 0)
        assert [pool["num_threads"] for pool in threadpool_info()][: len(before)] == before


@pytest.mark.parametrize("method", ["tsne", "opentsne"])
def test_neighbours_stay_neighbours(method: Method) -> None:
    """Handwritten digits: neighbours in the plane are neighbours among the 64 values, unlike in the plane of PCA."""
    pytest.importorskip("openTSNE")
    x = load_digits().data[:300].astype(np.float32)
    assert trustworthiness(x, embed(x, 0, method).points) > 0.95
    assert trustworthiness(x, embed(x, 0, "pca").points) < 0.9


def test_pca_is_the_plane_of_largest_variance() -> None:
    """The points are the two leading singular vectors times their values, in units of the first one's spread."""
    x = groups(40)[0].astype(np.float64)
    left, singular, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    slow = left[:, :2] * singular[:2]
    points = embed(x, 0, "pca").points
    assert np.allclose(np.abs(points), np.abs(slow / slow[:, 0].std()), atol=1e-4)


def test_t_sne_gets_at_most_the_components_that_exist() -> None:
    """min(50, images - 1, channels), or as many as asked for."""
    assert embed(groups(20, 64)[0], 0).components == 19
    assert embed(groups(90, 8)[0], 0).components == 8
    assert embed(groups(90, 64)[0], 0, "pca").components == 50
    assert embed(groups(90, 64)[0], 0, components=5).components == 5


def test_large_matrices_are_reduced_by_a_seeded_approximation() -> None:
    """Where neither side is small, the randomized PCA finds the leading plane, and the same one every time."""
    x = groups(520, 510, count=5)[0]
    points = embed(x, 1, "pca").points
    left, singular, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    slow = left[:, :2] * singular[:2] / (left[:, 0] * singular[0]).std()
    assert np.array_equal(points, embed(x, 1, "pca").points)
    assert np.allclose(np.abs(points), np.abs(slow), atol=0.01)


def test_perplexity_is_lowered_for_few_images_and_said() -> None:
    """A third of the other images, with a note; untouched where it fits."""
    few = embed(groups(31)[0], 0)
    assert few.method == "tsne"
    assert few.perplexity == 10.0
    assert any("perplexity lowered from 30 to 10 for 31 photos" in note for note in few.notes)
    enough = embed(groups(91)[0], 0)
    assert enough.perplexity == 30.0
    assert enough.notes == ()


@pytest.mark.parametrize("images", [7, 8, 12, 31])
def test_groups_survive_in_small_sets(images: int) -> None:
    """From the smallest set that t-SNE is used for."""
    x, truth = groups(images, count=2)
    found = embed(x, 0)
    assert found.method == "tsne"
    assert recovered(found.points, truth) == 1.0


@pytest.mark.parametrize("images", [1, 2, 3, 4, 6])
def test_too_few_images_lie_in_the_principal_plane(images: int) -> None:
    """No error, finite points, the reason in the notes."""
    found = embed(groups(images)[0], 0)
    assert found.method == "pca"
    assert found.perplexity == 0.0
    assert found.points.shape == (images, 2)
    assert np.isfinite(found.points).all()
    assert ("one photo only" if images == 1 else f"{images} photos are too few") in found.notes[0]


@pytest.mark.filterwarnings("error")
def test_identical_activations_fall_on_one_point() -> None:
    """No variance: no NaN, no warning, a note."""
    found = embed(np.full((20, 5), 0.1, dtype=np.float32), 0)
    assert not found.points.any()
    assert "all 20 photos have the same activations" in found.notes[0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("channels", [1, 2])
def test_activations_in_a_plane_need_no_t_sne(channels: int) -> None:
    """One or two channels, alone or repeated, keep their distances exactly (up to the unit)."""
    x = np.random.default_rng(0).normal(size=(30, channels)).astype(np.float32)
    for features in (x, np.tile(x, 4)):
        found = embed(features, 0)
        assert found.method == "pca"
        assert f"vary along {channels} direction" in found.notes[0]
        distances = np.linalg.norm(x[:, None] - x[None], axis=-1)
        drawn = np.linalg.norm(found.points[:, None] - found.points[None], axis=-1)
        assert np.allclose(drawn / drawn.max(), distances / distances.max(), atol=1e-5)


@pytest.mark.filterwarnings("error")
def test_constant_channels_and_duplicates_change_little() -> None:
    """Dead channels add nothing; the same image many times over is embedded without complaint."""
    x, truth = groups(40, count=2)
    padded = np.hstack([x, np.full((40, 7), 3.0, dtype=np.float32)])
    assert embed(padded, 0).components == embed(x, 0).components
    assert recovered(embed(padded, 0).points, truth) == 1.0
    repeated = np.vstack([np.repeat(x[:1], 30, axis=0), x])
    assert np.isfinite(embed(repeated, 0).points).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", [2.0**-100, 2.0**100])
def test_the_unit_of_the_activations_does_not_matter(unit: float) -> None:
    """Activations of any size that float32 holds give the same plane."""
    x = groups(40)[0]
    assert np.array_equal(embed(x * np.float32(unit), 0).points, embed(x, 0).points)


def test_tensors_and_other_precisions_are_taken() -> None:
    """A tensor gives what its array gives; half precision is read as it is."""
    x = groups(40)[0]
    assert np.array_equal(embed(torch.from_numpy(x), 0).points, embed(x, 0).points)
    half = torch.from_numpy(x).bfloat16()
    assert np.array_equal(embed(half, 0).points, embed(half.float().numpy(), 0).points)


def test_auto_turns_to_opentsne_for_large_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is installed; else scikit-learn, with the way to get it."""
    pytest.importorskip("openTSNE")
    x, truth = groups(40, count=2)
    monkeypatch.setattr(embedding, "LARGE", 39)
    found = embed(x, 0)
    assert found.method == "opentsne"
    assert any(f"{len(x)} photos: openTSNE drew the map" in note for note in found.notes)
    assert recovered(found.points, truth) == 1.0
    monkeypatch.setattr(embedding, "_opentsne_installed", lambda: False)
    fallen_back = embed(x, 0)
    assert fallen_back.method == "tsne"
    assert any(f"openTSNE: {install_command('fast')}" in note for note in fallen_back.notes)
    monkeypatch.setattr(embedding, "LARGE", 40)
    assert np.array_equal(embed(x, 0).points, fallen_back.points)
    with pytest.raises(UserError, match=re.escape(f"needs openTSNE: {install_command('fast')}")):
        embed(x, 0, "opentsne")


def test_activations_that_are_not_finite_are_counted() -> None:
    """NaN and both infinities, one image counted once."""
    x = groups(20)[0]
    x[3, :5], x[7, 0], x[9, 1] = np.nan, np.inf, -np.inf
    with pytest.raises(UserError, match="3 of 20 photos have activations that are not finite"):
        embed(x, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "umap"}, "unknown embedding method 'umap'"),
        ({"components": 0}, "at least 1 component"),
        ({"perplexity": 0.0}, "perplexity must be positive"),
        ({"perplexity": float("nan")}, "perplexity must be positive"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], message: str) -> None:
    """One line each."""
    with pytest.raises(UserError, match=message):
        embed(groups(20)[0], 0, **options)


def test_nothing_to_embed_is_named() -> None:
    """No images, or a layer without channels."""
    for shape in ((0, 5), (5, 0)):
        with pytest.raises(UserError, match="no activations to group"):
            embed(np.zeros(shape, dtype=np.float32), 0)
    with pytest.raises(ValueError, match="images, channels"):
        embed(np.zeros((4, 3, 2), dtype=np.float32), 0)
