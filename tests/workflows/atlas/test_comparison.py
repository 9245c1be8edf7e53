"""Two atlases side by side, against slow definitions."""

import shutil
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from atlas_runs import QUICK, run
from nets import TinyConv, seeded
from PIL import Image

import mindseye
from mindseye.errors import UserError
from mindseye.workflows.atlas.common_photos import match_photos


@pytest.fixture(scope="module")
def changed(photos, tmp_path_factory):
    """The same network with its channels in another order, one of them lost."""
    network = seeded(TinyConv)
    block = network.body[0]
    order = torch.tensor([3, 1, 0, 2, 4, 5, 7, 6])
    with torch.no_grad():
        for convolution in (network.stem, block.conv1, block.conv2):
            convolution.weight.copy_(convolution.weight[order])
            convolution.bias.copy_(convolution.bias[order])
        for convolution in (block.conv1, block.conv2):
            convolution.weight.copy_(convolution.weight[:, order])
    out = tmp_path_factory.mktemp("changed") / "other"
    return mindseye.atlas(photos, network, out=out, **QUICK | {"layers": "body.0", "channels": "all", "steps": 2})


@pytest.mark.slow
def test_channels_in_another_order_are_found_again(photos, changed, tmp_path):
    """Each has its own twin, at a correlation of 1, and the layers are the same to CKA."""
    first = run(photos, tmp_path / "first", layers="body.0", channels="all", steps=2)
    compared = mindseye.compare(first, changed.path, quiet=True)
    (layer,) = compared.values()
    assert layer.cka == pytest.approx(1, abs=1e-6)
    order = {twin.channel: twin.other for twin in layer.twins if twin.r and twin.r > 0.999}
    alive = [place for place in range(8) if np.ptp(first["body.0"].answers[:, place]) > 0]
    assert {place: order[place] for place in alive} == {place: [3, 1, 0, 2, 4, 5, 7, 6].index(place) for place in alive}
    assert compared.photos == 36
    assert compared.page.read_text().count('class="twin') >= len(layer.twins)


def test_the_matching_is_the_best_of_all(undisturbed, changed):
    """Against every permutation of the layer's eight channels; the least alike come first."""
    compared = mindseye.compare(undisturbed, changed, out=undisturbed.path.parent / "page.html", quiet=True)
    layer = compared["body.0"]
    first, second = undisturbed["body.0"].answers, changed["body.0"].answers
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.nan_to_num(np.corrcoef(first.T, second.T)[:8, 8:])
    best = max(sum(r[place, other] for place, other in enumerate(order)) for order in permutations(range(8)))
    assert layer.mean * 8 == pytest.approx(best, abs=1e-6)
    told = [twin.r for twin in layer.twins]
    assert told == sorted(told)
    assert len(compared.to_frame()) == len([twin for entry in compared.values() for twin in entry.twins])
    assert "CKA" in str(compared)
    assert repr(compared) == str(compared)
    assert ", 1 layer, " in repr(compared.first) if len(compared.first) == 1 else ", 2 layers, " in repr(compared.first)


def test_photos_that_were_moved_are_known_by_their_content(photos, undisturbed, tmp_path, capsys):
    """In a folder and sub-folders of other names, in another order, two of them changed: of these the one whose path is kept."""
    names = {"ant": "z ant", "bee": "bee", "crab 7": "a crab"}
    for old, new in names.items():
        shutil.copytree(photos / old, tmp_path / "moved" / new)
    for changed in ("bee/03.png", "z ant/03.png"):
        file = tmp_path / "moved" / changed
        Image.open(file).rotate(180).save(file)
    settings = {"layers": "body.0", "channels": 2, "steps": 1}
    other = run(tmp_path / "moved", tmp_path / "other", **settings)
    compared = mindseye.compare(undisturbed, other, out=tmp_path / "page.html")
    assert (compared.photos, compared.by_content) == (35, 34)
    line = "35 photos that both have seen, 34 by their content, 1 by their paths alone"
    assert line in capsys.readouterr().err
    assert line in compared.page.read_text()
    pairs = match_photos(undisturbed, other).pairs
    contents = [[Path(path).read_bytes() for path in atlas.photos] for atlas in (undisturbed, other)]
    odd = [
        (undisturbed.photos[own], other.photos[partner])
        for own, partner in pairs
        if contents[0][own] != contents[1][partner]
    ]
    assert odd == [(str(photos / "bee/03.png"), str(tmp_path / "moved/bee/03.png"))]


def test_bad_input_is_one_line(undisturbed, tmp_path):
    """No atlas; nothing in common."""
    with pytest.raises(UserError, match="is no atlas"):
        mindseye.compare(undisturbed, tmp_path)
    with pytest.raises(UserError, match=r"an atlas is a mindseye\.Atlas or its folder"):
        mindseye.compare(3, undisturbed)
    draw = np.random.default_rng(0)
    arrays = list(draw.integers(0, 255, (12, 40, 40, 3), dtype=np.uint8))
    other = mindseye.atlas(
        arrays, seeded(TinyConv), out=tmp_path / "arrays", **QUICK | {"layers": "body.0", "channels": 1, "steps": 1}
    )
    with pytest.raises(UserError, match="have 0 photos in common"):
        mindseye.compare(undisturbed, other)
