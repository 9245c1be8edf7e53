"""Which channels are shown, and what run.json says of them."""

import numpy as np
import torch

from mindseye.facets.unit_facets import find_unit_facets
from mindseye.runs.entries import common, facet_from, failures
from mindseye.runs.schema import ChannelStats, LayerEntry, Manifest
from mindseye.workflows.entanglement.entries import describe_channel_picture, most_and_least


def stats(pairs):
    return [ChannelStats(n, entanglement=e, explained=x) for n, (e, x) in enumerate(pairs)]


def test_most_and_least_entangled():
    """The least come from the half that the facets explain best; of equals the better explained; nobody without a number."""
    nan = float("nan")
    every = stats([(0.3, 0.7), (0.0, 0.9), (0.0, 0.8), (0.001, 0.01), (0.2, 0.5), (nan, nan), (0.1, 0.6)])
    assert most_and_least(every, 2) == [(0, "most"), (4, "most"), (1, "least"), (2, "least")]
    assert most_and_least(every, 0) == []
    assert most_and_least(stats([(nan, nan)]), 2) == []


def test_no_channel_is_both():
    assert most_and_least(stats([(0.3, 0.7), (0.1, 0.9)]), 5) == [(0, "most"), (1, "most")]
    assert most_and_least(stats([(0.3, 0.7), (0.1, 0.9)]), 1) == [(0, "most"), (1, "least")]


def test_a_channels_entry_says_what_its_photos_do():
    """Best photos first with what the channel does in each; facets whose members can be taken up again; their labels."""
    values = torch.from_numpy(np.random.default_rng(0).permutation(40) / 10.0 - 1).float()
    features = torch.eye(2)[torch.arange(40) % 2] + 0.1 * torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    excited = find_unit_facets(values, features, 2, 10, 0, 1e-5, "uniform")
    labels = ["odd" if n % 2 else "even" for n in range(40)]
    paths = [f"photo-{n}" for n in range(40)]
    entry = describe_channel_picture(7, "most", values, excited, paths, labels)
    best = values.argsort(descending=True)[:9].tolist()
    assert [example.path for example in entry.examples] == [paths[index] for index in best]
    assert entry.over_photos == {"mean": float(values.mean()), "deviation": float(values.std(correction=0))}
    top = set(values.topk(30).indices.tolist())
    for facet in entry.facets:
        own = [n for n in top if labels[n] == facet.label]
        assert facet.size == len(own)
        assert abs(facet.activation - float(values[own].mean())) < 1e-6
        assert all(member.activation == float(values[member.index]) for member in facet.members)
        assert facet_from(facet).members == [member.index for member in facet.members]
    entry.facets[1].status, entry.facets[1].reason = "failed", "turned NaN"
    manifest = Manifest("inspect", layers=[LayerEntry("body", channel_pictures=[entry])])
    assert failures(manifest) == ["body channel 7 facet 1: turned NaN"]


def test_the_commonest_label():
    assert common(["b", "a", "b", "a", "c"], [0, 1, 2, 3]) == "a"
    assert common(["b", "a", "b"], [0, 1, 2]) == "b"
    assert common(None, [0]) is None
