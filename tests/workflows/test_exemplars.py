"""The facets of a unit: which photos it likes, and the targets that they make."""

import numpy as np
import pytest
import torch
from nets import TinyConv, seeded

from mindseye.facets.made import is_made
from mindseye.layers.output import find_output
from mindseye.optimize.objectives.named import Named
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.session import NetworkSession
from mindseye.photos.photo_set import find_photos
from mindseye.report.progress import Progress
from mindseye.workflows.objectives.exemplars import find_exemplars
from mindseye.workflows.objectives.locate import ObjectiveRequest, locate_objectives

SIDE = 16
COUNT = 40


@pytest.fixture(scope="module")
def world():
    """A network, and 40 photos as arrays of the size that it sees."""
    arrays = np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3), dtype=np.uint8)
    return NetworkSession(seeded(TinyConv), size=SIDE), arrays


def pixels(arrays):
    return torch.from_numpy(np.stack(arrays)).movedim(-1, 1).float() / 255


def seek(world, objectives, facets=2, arrays=None, **changes):
    session, every = world
    photos = find_photos(list(every if arrays is None else arrays))
    with session.using(load_recipe("distribution-1", {"members": 4, "target_views": 0} | changes)) as used:
        located = locate_objectives(ObjectiveRequest(objectives), used)
        return find_exemplars(photos, located, facets, used, Progress(quiet=True))


def features(network, images, last=3):
    with torch.no_grad():
        return network.body[:last](network.relu(network.stem(images)))


def of_network(exemplars):
    return {address for address in exemplars.targets if not is_made(address)}


def best_of(values):
    return {f"array-{index:05d}" for index in values.topk(30).indices.tolist()}


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("body.2:3", lambda network, images: features(network, images)[:, 3].mean((1, 2))),
        ("body.2:3@2,1", lambda network, images: features(network, images)[:, 3, 1, 2]),
        ("body.0", lambda network, images: features(network, images, 1).square().mean((1, 2, 3))),
        ("class:4", lambda network, images: network(images).detach()[:, 4]),
    ],
)
def test_members_are_photos_that_the_objective_likes(world, words, value):
    """Of the thirty with the greatest value: of a channel, at one position, of a whole layer, of a class."""
    exemplars = seek(world, [words])
    liked = best_of(value(world[0].model.network, pixels(world[1])))
    assert len(exemplars.members) == 2
    assert all(0 < len(group) <= 4 for group in exemplars.members)
    assert {path for group in exemplars.members for path in group} <= liked


def test_targets_are_the_members_sorted_activations(world):
    """Each facet's target: sorted activations of its members, averaged; at the layer, at a stage below, and of RGB."""
    session, arrays = world
    network = session.model.network
    exemplars = seek(world, ["body.2:3"])
    # Stages end where width or resolution changes, so the stem's block body.0 is one.
    assert of_network(exemplars) == {"body.0", "body.2"}
    for facet, group in enumerate(exemplars.members):
        images = pixels([arrays[int(path.removeprefix("array-"))] for path in group])
        for address, seen in {"body.2": features(network, images), "rgb": images}.items():
            ranks = seen.flatten(2).sort(-1).values.mean(0)
            assert torch.allclose(exemplars.targets[address].ranks[facet], ranks, atol=1e-5)


def test_several_objectives_share_what_all_have(world):
    """Facets of the first, then those of the second; matched is where both have a target."""
    exemplars = seek(world, ["body.0:1", "body.2:3"])
    assert len(exemplars.members) == 4
    assert of_network(exemplars) == {"body.0"}
    assert len(exemplars.targets["body.0"].ranks) == 4


def test_a_class_is_matched_at_the_output_too(world):
    """The network's output is no module; it is read all the same."""
    output, _ = find_output(world[0].model.network, SIDE)
    assert output.address in seek(world, ["class:4"]).targets


def test_a_sum_over_two_layers_is_valued_as_a_whole(world):
    """The photos that the sum likes best, though clustered at one of its layers."""
    session, arrays = world
    exemplars = seek(world, [Named("body.0:1") + Named("body.2:3")])
    images, network = pixels(arrays), session.model.network
    value = features(network, images, 1)[:, 1].mean((1, 2)) + features(network, images)[:, 3].mean((1, 2))
    assert {path for group in exemplars.members for path in group} <= best_of(value)


def test_fewer_facets_than_asked_for_come_again(world):
    """Two photos, three variants: every variant has a facet, and the note says why two are alike."""
    exemplars = seek(world, ["body.2:3"], facets=3, arrays=world[1][:2])
    assert exemplars.members[2] == exemplars.members[0]
    assert any(note.startswith("body.2:3: 3 facets lowered to 2") for note in exemplars.notes)
