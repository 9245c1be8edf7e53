"""The ten things that a library user does, each beside the same done by hand."""

import numpy as np
import pytest
import torch
from byhand import features, files, hooks, image_of, write_photos
from nets import TinyConv, seeded
from PIL import Image

import mindseye as me
from mindseye.facets.sort import sort_values

LAYER, SIDE = "body.2", 32


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MINDSEYE_CACHE", str(tmp_path / "cache"))
    write_photos(tmp_path / "photos", 12)
    return tmp_path


@pytest.fixture
def network():
    return seeded(TinyConv)


@pytest.fixture
def eye(place, network):
    return me.Session(network, size=SIDE)


def maps_of(place, network):
    """Every photo's map at the layer, one photo at a time."""
    paths = sorted((place / "photos").iterdir())
    return paths, torch.cat([features(network.eval(), image_of(path)) for path in paths]).flatten(2)


def test_layers_show_themselves_as_a_table(eye):
    """Every layer that fires, found by its address in the table."""
    addresses = [layer.address for layer in eye.layers()]
    assert LAYER in addresses
    assert all(address in eye.layers()._repr_html_() for address in addresses)


def test_activations_are_those_of_the_photos_alone(place, network, eye):
    """Means over positions, and the maps on request."""
    paths, maps = maps_of(place, network)
    activations = eye.activations(place / "photos", LAYER, maps=True)
    assert [path.rsplit("/", 1)[-1] for path in map(str, activations.paths)] == [path.name for path in paths]
    assert np.allclose(activations.values, maps.mean(-1).numpy(), atol=1e-5)
    assert np.allclose(np.asarray(activations.maps).reshape(maps.shape), maps.numpy(), atol=1e-5)


def test_facets_are_found_and_nothing_is_painted(place, eye):
    """Members lie in their facet, weights fall, no folder is made."""
    facets = eye.facets(place / "photos", LAYER, facets=2)
    assert len(facets) == 2
    for facet in facets:
        assert list(facet.weights) == sorted(facet.weights, reverse=True)
        assert len(facet.photos) >= len(facet.weights)
    assert -1 <= facets.silhouette <= 1
    assert not (place / "runs").exists()
    assert "<img" in facets._repr_html_() or "<svg" in facets._repr_html_()


def test_a_target_of_any_photos_is_the_mean_of_their_sorted_maps(place, network, eye):
    """All photos as one facet whose members count alike, which is Eq. 1 with equal weights."""
    _, maps = maps_of(place, network)
    target = me.Target.of(eye, place / "photos", LAYER, recipe=me.recipe("distribution", target_views=0))
    assert torch.allclose(target.ranks[0].cpu(), sort_values(maps).mean(0), atol=1e-4)


def test_pictures_in_memory_are_those_of_the_run(place, network, eye):
    """``paint`` and ``save`` leave what the command leaves, byte for byte; each step is told, and the module is given back."""
    run = me.visualize(place / "photos", network, LAYER, facets=2, size=SIDE, steps=8, quiet=True, out=place / "whole")
    steps = []
    target = eye.facets(place / "photos", LAYER, facets=2).target(LAYER)
    pictures = eye.paint(target, steps=8, on_step=lambda step, images: steps.append(step))
    assert pictures.images.shape == (2, 3, SIDE, SIDE)
    assert 0 <= pictures.images.min() <= pictures.images.max() <= 1
    assert steps == sorted(set(steps))
    assert steps[-1] == 8
    painted = [np.array(pictures.pil(number)) for number in range(2)]
    kept = [np.array(Image.open(path).convert("RGB")) for path in run[LAYER].pictures]
    assert all(np.array_equal(one, other) for one, other in zip(painted, kept, strict=True))
    assert hooks(network) == 0


def test_objectives_combine(eye):
    """The value of a difference is the difference of the values, in what it is painted for."""
    first, second = me.Channel(LAYER, 1), me.Channel(LAYER, 3)
    both = eye.paint(first - 0.5 * second, steps=4)
    assert both.images.shape == (1, 3, SIDE, SIDE)
    with pytest.raises(me.UserError, match="99"):
        eye.paint(me.Channel(LAYER, 99), steps=4)


def test_an_objective_of_ones_own_rises(network, eye):
    """Its number, taken by hand before and after."""

    class Contrast(me.Objective):
        layers = (LAYER,)

        def __call__(self, activations):
            return activations[LAYER].amax(-1).std(1)

    values = []
    pictures = eye.paint(
        Contrast(),
        steps=100,
        on_step=lambda step, images: values.append(features(network, images.float()).flatten(2).amax(-1).std(1).item()),
    )
    after = features(network, pictures.images).flatten(2).amax(-1).std(1).item()
    assert after > values[0]


def test_it_stops_where_it_is_told(place, eye):
    """``on_step`` ends the painting with what is there; ``progress`` interrupts it."""
    pictures = eye.paint(me.Channel(LAYER, 1), steps=500, on_step=lambda step, images: step < 2)
    assert len(pictures.images) == 1

    def stop(stage, done, total, left):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        eye.facets(place / "photos", LAYER, facets=2, progress=stop)


def test_a_kept_run_is_values_and_a_table(place, eye):
    """Saved, opened by its members and pictures, and one row per picture."""
    target = eye.facets(place / "photos", LAYER, facets=2).target(LAYER)
    run = eye.paint(target, steps=4).save(place / "kept")
    assert len(run.facets) == 2
    assert all(str(member.path).startswith(str(place / "photos")) for member in run.facets[0].members)
    assert all(path.is_file() for path in run[LAYER].pictures)
    assert files(run.path)
    pytest.importorskip("pandas")
    assert len(run.to_frame()) == 2


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda eye, photos: me.Session(3), "model"),
        (lambda eye, photos: me.Session("resnet18", weights="none", seed=-1), "seed"),
        (lambda eye, photos: me.Session("resnet18", weights="none", size=0), "size"),
        (lambda eye, photos: eye.activations(photos, "nowhere"), "nowhere"),
        (lambda eye, photos: eye.facets(photos, LAYER, facets=0), "facet"),
        (lambda eye, photos: eye.paint(7), "7"),
        (lambda eye, photos: eye.paint("body.2:1", steps="many"), "steps"),
        (lambda eye, photos: eye.facets(photos, LAYER, progress=5), "progress"),
    ],
)
def test_a_mistake_is_one_line(place, eye, call, named):
    """Which names what was wrong."""
    with pytest.raises(me.UserError, match=named) as raised:
        call(eye, place / "photos")
    assert "\n" not in str(raised.value)
