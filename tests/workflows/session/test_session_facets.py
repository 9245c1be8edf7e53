"""Facets and targets of a session, against a run and against the equation."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from session_calls import LAYER, RECIPE, SIDE, features, pixels_of
from torch.nn.functional import interpolate

import mindseye as me
from mindseye.errors import UserError
from mindseye.facets.joint import is_joint
from mindseye.facets.sort import sort_values
from mindseye.report.progress import Progress


def test_facets_are_those_of_a_run(photos, session, tmp_path):
    """Members, weights, sizes, map and silhouette are what ``visualize`` notes; nothing is painted for them."""
    facets = session.facets(photos, LAYER, 3, recipe=RECIPE)
    run = me.visualize(photos, session, LAYER, facets=3, recipe=RECIPE, out=tmp_path / "run", quiet=True)
    entries = run.manifest.layers[0].facets
    assert len(facets) == len(entries) == 3
    for facet, entry in zip(facets, entries, strict=True):
        assert facet.photos == tuple(member.path for member in entry.members)
        assert facet.weights == [member.weight for member in entry.members]
        assert (facet.size, facet.silhouette) == (entry.size, entry.silhouette)
    assert facets.silhouette == run.manifest.clusters.silhouette
    assert [int((facets.assignment == facet.index).sum()) for facet in facets] == [facet.size for facet in facets]


def test_facets_show_themselves(photos, session):
    """A figure with a point per photo; a table with a row per member."""
    facets = session.facets(photos, LAYER, 3, recipe=RECIPE)
    figure = facets.plot()
    assert isinstance(figure, Figure)
    drawn = np.concatenate([np.asarray(dots.get_offsets()) for dots in figure.axes[0].collections])
    assert {tuple(point) for point in drawn.round(4)} == {
        tuple(point) for point in facets.points.astype(float).round(4)
    }
    table = facets.to_frame()
    assert list(table[table.facet == 1].photo) == list(facets[1].photos)
    assert table.groupby("facet").weight.sum().to_numpy() == pytest.approx([1.0] * 3)


def test_targets_are_equation_one(photos, session):
    """``sum_n w_n sort(a(x_n))`` channel by channel, at the layer of the facets and at another; top-k by its mean."""
    facets = session.facets(photos, LAYER, 3, recipe=RECIPE)
    for layer, blocks in ((LAYER, 3), ("body.0", 1)):
        target = facets.target(layer)
        for facet in facets:
            maps = features(pixels_of(facet.photos), blocks).flatten(2)
            slowly = sum(weight * own.sort(-1).values for weight, own in zip(facet.weights, maps, strict=True))
            torch.testing.assert_close(target.ranks[facet.index], slowly, rtol=1e-4, atol=1e-5)
            strongest = slowly.mean(-1).topk(4).indices
            assert set(target.channels[facet.index].tolist()) == set(strongest.tolist())
        assert target.photos == [facet.photos for facet in facets]
    assert torch.equal(facets.target().ranks, facets.target(LAYER).ranks)


def test_targets_of_each_octave(photos, session):
    """A recipe that sees its pictures small at first has targets of the photos seen as small, by the same equation."""
    recipe = replace(RECIPE, octaves=3, octave_scale=2.0)
    facets = session.facets(photos, LAYER, 2, recipe=recipe)
    target = facets.target(LAYER)
    for side, ranks in zip((SIDE // 4, SIDE // 2), target.smaller, strict=True):
        for facet in facets:
            small = interpolate(pixels_of(facet.photos), size=(side, side), mode="bilinear", antialias=True)
            maps = features(small, 3).flatten(2)
            slowly = sum(weight * own.sort(-1).values for weight, own in zip(facet.weights, maps, strict=True))
            torch.testing.assert_close(ranks[facet.index], slowly, rtol=1e-3, atol=1e-4)
    whole = replace(RECIPE, octaves=1)
    assert session.facets(photos, LAYER, 2, recipe=whole).target(LAYER).smaller == ()


def test_what_is_only_measured_has_no_targets_of_what_is_only_painted_with(photos, session):
    recipe = replace(RECIPE, match=1.0, match_joint=0.5, octaves=2)
    target = session.facets(photos, LAYER, 2, recipe=recipe).target(LAYER)
    with session.using(recipe) as network:
        painted, measured = (target.gather(network, Progress(quiet=True), paints)[1] for paints in (True, False))
    assert any(map(is_joint, painted.ranks))
    assert len(painted.smaller) == 1
    assert list(measured.ranks) == [address for address in painted.ranks if not is_joint(address)]
    assert measured.smaller == []
    for address, ranks in measured.ranks.items():
        assert torch.equal(ranks, painted.ranks[address])


def test_the_target_of_any_photos(photos, session):
    """All of them as one facet, each of the same weight; the same from the class as from the session."""
    paths = [str(photos / f"{number:02d}.png") for number in (3, 1, 4)]
    target = me.Target.of(session, paths, LAYER, recipe=RECIPE)
    slowly = sort_values(features(pixels_of(paths)).flatten(2)).mean(0)
    torch.testing.assert_close(target.ranks[0], slowly, rtol=1e-4, atol=1e-5)
    assert target.photos == [tuple(paths)]
    assert torch.equal(session.target(paths, LAYER, recipe=RECIPE).ranks, target.ranks)
    with pytest.raises(UserError, match="session is"):
        me.Target.of(3, paths, LAYER)
