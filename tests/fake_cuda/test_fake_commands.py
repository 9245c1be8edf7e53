"""Whole runs on a GPU that is not there: from photos to a folder, no step waits and nothing is left on the CPU.

The pictures are made up; that they are written, measured and judged at all is what counts.
"""

import numpy as np
import pytest
from nets import Residual, TinyConv, seeded
from PIL import Image
from torch import nn

import mindseye as me

SIDE, LAYER = 32, "body.2"
QUICK = {"device": "cuda:0", "size": SIDE, "quiet": True}


class Judge(nn.Sequential):
    """Another network, which names five classes too."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 6, 3, stride=2), nn.ReLU(), Residual(6), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5)
        )


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    for number in range(12):
        file = tmp_path / "photos" / "ab"[number % 2] / f"{number:02d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)).save(file)
    return tmp_path / "photos"


@pytest.mark.slow
def test_facets_judged(strict_steps, photos):
    run = me.visualize(
        photos,
        seeded(TinyConv),
        LAYER,
        facets=2,
        recursive=True,
        judge=[seeded(Judge)],
        top_k=4,
        steps=3,
        out="out",
        **QUICK,
    )
    assert strict_steps[0] == 3
    assert run.manifest.device.startswith("cuda:0")
    assert all((run.path / facet.picture).is_file() and facet.measures for facet in run.manifest.layers[0].facets)
    assert run.manifest.judges


def test_pictures_of_objectives_and_of_photos(strict_steps, photos):
    network, photo = seeded(TinyConv), str(photos / "a" / "00.png")
    for run in (
        me.paint([f"{LAYER}:1", "class:1"], network, steps=2, out="painted", **QUICK),
        me.invert(photo, network, LAYER, steps=2, out="inverted", **QUICK),
        me.accentuate(photo, LAYER, network, caricature=True, steps=2, out="caricature", **QUICK),
    ):
        assert all(entry.measures for entry in run.manifest.pictures)
    assert strict_steps[0] == 6


def test_a_run_goes_on(strict_steps, photos):
    """Its state is written from the GPU and read back to it."""

    def stop(stage, done, total, left):
        if stage == "paint" and done >= 20:
            raise KeyboardInterrupt

    def paint(**options):
        network = seeded(TinyConv)
        return me.paint(
            f"{LAYER}:1", network, steps=40, save_every=0.0, out="out", device="cuda:0", size=SIDE, **options
        )

    with pytest.raises(KeyboardInterrupt):
        paint(progress=stop)
    made = strict_steps[0]
    assert 20 <= made < 40
    assert paint(quiet=True).manifest.status == "done"
    assert strict_steps[0] < made + 40


def test_examples_and_activations(gpu, photos):
    found = me.examples(photos / "a", seeded(TinyConv), layer=LAYER, channels=[1, 2], out="examples", **QUICK)
    assert found is not None
    session = me.Session(seeded(TinyConv), device="cuda:0", size=SIDE, cache=False)
    assert session.activations(photos / "a", LAYER, maps=True).maps.shape[0] == 6
    assert session.facets(photos / "a", LAYER, 2) is not None
