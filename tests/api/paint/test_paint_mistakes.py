"""What cannot be painted is told in one line before any work."""

import pytest
import torch
from byhand import QUICK, SIDE, picture
from nets import TinyConv, seeded
from paint_runs import DECODER, paint
from torch import nn

import mindseye
from mindseye.errors import UserError


@pytest.mark.parametrize(
    ("objectives", "changes", "told"),
    [
        ([], {}, "no objective"),
        ("body.9:3", {}, "no layer 'body.9'.*did you mean 'body"),
        ("body.2:16", {}, "channel 16 .*0-15"),
        ("body.2:3@8,1", {}, "@8,1 is outside.*x is 0-7, y is 0-7"),
        ("class:9", {}, "give 0 to 4"),
        ("output:masks:1", {}, "masks"),
        ("body.2:gone.npy", {}, "gone.npy"),
        ("body.0:3", {"interpolate": 3}, "name two, not 1"),
        (["body.0:3", "body.0:4"], {"interpolate": 1}, "2 pictures or more"),
        (["body.0:3", "body.0:4"], {"interpolate": 3, "variants": 2}, "leave --together, --variants"),
        ("body.0:3", {"variants": 0}, "variants is a whole number"),
        ("body.0:3", {"diversity": 0.5}, "at least two with --variants"),
        ("body.0:3", {"diversity": -1.0}, "diversity is a weight"),
        ("body.0:3", {"variants": 2, "diversity": 0.5, "batch_size": 1}, "leave --batch-size out"),
        ("body.0:3", {"seed": -1}, "seed"),
        ("body.0:3", {"changes": {"objective": 0}}, "gives the objective no weight"),
        ("body.0:3", {"init": "gone.jpg"}, "photo 'gone.jpg' cannot be read: no such file"),
        ("body.0:3", {"init": "photos/00.png", "changes": {"canvas": "cppn"}}, "cppn cannot start from a picture"),
        ("body.0:3", {"changes": {"start": "photo"}}, "starts from a photo: name one with --init"),
        ("body.0:3", {"changes": {"start": "weighted"}}, "--set start=noise"),
        ("body.0:3", {"examples": "photos", "variants": 13}, "12 photos make no 13 facets"),
        ("body.0:3", {"examples": "photos", "recipe": "lucid"}, "lucid matches no examples"),
        ("body.0:3", {"examples": "nowhere"}, "nowhere"),
        ("body.0:3", {"changes": {"canvas": "prior", "prior": "decoder.py:seven", "latent": [4, 8, 8]}}, "takes 3"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_before_any_work(place, objectives, changes, told):
    """What is wrong, with the way out; no folder is made and no picture begun."""
    (place / "decoder.py").write_text(DECODER)
    with pytest.raises(UserError, match=told) as raised:
        paint(objectives, **changes)
    assert "\n" not in str(raised.value)
    assert not (place / "runs").exists()


def test_a_missing_photo_is_named_before_the_network_is_loaded(place):
    """Which may be a download."""
    with pytest.raises(UserError, match=r"gone\.jpg"):
        mindseye.paint("body.0:3", "no-such-network", init="gone.jpg", quiet=True)


def test_diversity_without_textures(place):
    """A network that has positions nowhere has nothing to keep apart."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE**2, 6), nn.ReLU(), nn.Linear(6, 4))
    network.image_size = SIDE
    with pytest.raises(UserError, match="diversity compares textures"):
        paint("3:1", network, variants=2, diversity=0.5)


def test_octaves_with_a_channel_are_fine(place):
    """Only what names a position minds maps that change their size: it is seen at one size in all of them, and that is said."""
    assert not paint(["body.2:3", "body.0"], changes={"octaves": 2}).manifest.notes
    for objectives, changes in (("body.2:3@1,1", {}), (["body.2:3@1,1", "body.0:4@0,0"], {"interpolate": 3})):
        octaves = paint(objectives, changes={"octaves": 3}, out="octaves", force=True, **changes)
        (note,) = octaves.manifest.notes
        assert "at one size in all octaves" in note
        one_size = paint(objectives, changes={"octaves": 1}, out="one size", force=True, **changes)
        assert torch.equal(picture(octaves), picture(one_size))


def test_visualize_looks_at_its_prior_before_the_photos(place):
    """A decoder that does not fit costs no extraction; one that does is kept by its whole path."""
    (place / "decoder.py").write_text(DECODER)
    wrong = {"canvas": "prior", "prior": "decoder.py:seven", "latent": [4, 8, 8], "total_variation": 0}
    with pytest.raises(UserError, match="takes 3"):
        mindseye.visualize("photos", seeded(TinyConv), "body.2", facets=2, changes=wrong, **QUICK)
    assert not (place / "runs").exists()
    right = wrong | {"prior": "decoder.py:decoder"}
    run = mindseye.visualize("photos", seeded(TinyConv), "body.2", facets=2, changes=right, **QUICK)
    assert run.manifest.recipe["prior"] == f"{place / 'decoder.py'}:decoder"
