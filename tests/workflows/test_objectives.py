"""From an order to pictures: what is measured, what fails alone, and what the order leaves open."""

import math
from dataclasses import replace

import pytest
import torch
from nets import TinyConv, seeded
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from mindseye.optimize.canvases.compose import palette_of
from mindseye.optimize.loss import Term
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.objectives.unit import Channel, LayerNorm
from mindseye.optimize.order import ObjectiveOrder, PictureRequest
from mindseye.optimize.recipe.load import recipe_from
from mindseye.optimize.recipe.schedule import Schedule
from mindseye.optimize.regularizers.regularizer import Regularizer
from mindseye.optimize.session import NetworkSession
from mindseye.report.progress import Progress
from mindseye.runs.folder import RunFolder
from mindseye.workflows.objectives.flow import ObjectiveFlow
from mindseye.workflows.record import Record
from mindseye.workflows.request import Request
from mindseye.workflows.resumable import new_manifest

SIDE = 24
RECIPE = recipe_from({"steps": 12, "lr": 0.05, "size": SIDE, "colours": "imagenet"}, "plain")


@pytest.fixture(scope="module")
def network():
    return seeded(TinyConv)


def channel(number):
    return Channel("body.2", number)


def carry_out(
    network, requests, folder, addresses=("body.0", "body.2"), recipe=RECIPE, batch_size=0, compare=lambda pictures: []
):
    """Paint some pictures; the manifest."""
    with NetworkSession(network).using(recipe) as session:
        order = ObjectiveOrder(
            session=session,
            keys=[f"{index} {request.words}" for index, request in enumerate(requests)],
            palette=palette_of(recipe, None, 3),
            requests=requests,
            read_layers=[session.layer(address) for address in addresses],
            compare=compare,
        )
        manifest = new_manifest(Request("paint", recipe), session, {})
        record = Record(RunFolder(folder), manifest, Progress(quiet=True))
        ObjectiveFlow(order, record, batch_size).run()
    return RunFolder(folder).read()


def value(entry, role="picture"):
    return entry.measures["objective"][role]["value"]


def test_what_is_shown_is_what_is_measured(network, tmp_path):
    """Raised is a sum, measured its first part: the same picture, another number."""
    pull = LayerNorm("body.0") * 0.3
    requests = [
        PictureRequest("3", channel(3) - pull),
        PictureRequest("3", channel(3) - pull, shown=channel(3)),
        PictureRequest("3", pull),
    ]
    runs = [carry_out(network, [request], tmp_path / f"{number}") for number, request in enumerate(requests)]
    both, shown, _ = (run.pictures[0] for run in runs)
    assert both.loss == shown.loss
    pictures = [(tmp_path / f"{number}" / both.picture).read_bytes() for number in range(2)]
    assert pictures[0] == pictures[1]
    for role in ("picture", "start"):
        assert value(both, role) < value(shown, role)
    # The pull by itself starts from the same noise, so that what it says of the start is the difference of the two.
    assert value(shown, "start") - value(both, "start") == pytest.approx(value(runs[2].pictures[0], "start"), abs=1e-6)


class Watching(Objective):
    """The mean of a ReLU; notes before each value whether a normalisation has worked since the last one."""

    layers = ("2",)

    def __init__(self):
        self.normalised, self.worked = [], False

    def see(self, module, inputs, output):
        self.worked |= isinstance(module, nn.BatchNorm2d)

    def __call__(self, activations):
        self.normalised.append(self.worked)
        self.worked = False
        return activations["2"].mean((1, 2))


def test_it_is_measured_on_the_network_as_it_is(tmp_path):
    """Painted from the network with its normalisations folded; what is measured is what the given one makes of it."""
    network = seeded(lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()))
    objective = Watching()
    watch = register_module_forward_hook(
        objective.see
    )  # of every module; one on the normalisation would keep it unfolded
    try:
        carry_out(network, [PictureRequest("a layer", objective)], tmp_path / "run", addresses=["2"])
    finally:
        watch.remove()
    opened, *calls = objective.normalised
    assert opened  # the layers were surveyed before
    assert calls == sorted(calls)
    assert calls.count(False) > RECIPE.steps
    assert calls.count(True) >= 2
    assert isinstance(network[1], nn.BatchNorm2d)


def test_what_else_an_entry_says(network, tmp_path):
    """``about`` stands beside what every entry has."""
    request = PictureRequest("3", channel(3), about={"variant": 2, "photo": "a.png"})
    (entry,) = carry_out(network, [request], tmp_path).pictures
    assert entry.variant == 2
    assert entry.photo == "a.png"
    assert (entry.index, entry.objective, entry.status) == (0, "3", "done")


def test_terms_beside_know_which_pictures_they_get(network, tmp_path):
    """By their place in the order, whatever the batch."""
    asked = []

    def compare(pictures):
        asked.append(list(pictures))
        return [Term("norm", LayerNorm("body.0"), Schedule(0.1, 0.1))]

    requests = [PictureRequest(f"{number}", channel(number)) for number in range(3)]
    run = carry_out(network, requests, tmp_path, compare=compare, batch_size=2)
    assert asked == [[0, 1], [2]]
    assert all("norm" in entry.loss for entry in run.pictures)


def test_two_of_the_same_words_are_two_pictures(network, tmp_path):
    """Each has random numbers of its own."""
    run = carry_out(network, [PictureRequest("3", channel(3)), PictureRequest("3", channel(3))], tmp_path)
    first, second = ((tmp_path / entry.start).read_bytes() for entry in run.pictures)
    assert first != second


class LoseTheFirst(Regularizer):
    """Makes the first picture's gradient NaN."""

    def change_gradient(self, gradient, step, progress):
        return torch.cat([torch.full_like(gradient[:1], float("nan")), gradient[1:]])


def test_a_picture_that_turns_nan_costs_only_itself(network, tmp_path):
    """The run ends in part and names it; the other is painted and measured."""
    recipe = replace(RECIPE, regularizers=(LoseTheFirst(),))
    requests = [PictureRequest("3", channel(3)), PictureRequest("4", channel(4))]
    run = carry_out(network, requests, tmp_path, recipe=recipe)
    lost, kept = run.pictures
    assert (run.status, lost.status, kept.status) == ("partial", "failed", "done")
    assert "NaN" in lost.reason
    assert lost.measures is None
    assert math.isfinite(value(kept))
