"""From an order to pictures: what is measured, what fails alone, and what the order leaves open."""

import math

import pytest
import torch
from mindseye.runs.record import Record
from mindseye.workflows.objectives.commission import Commission, Order, Wanted
from nets import TinyConv, seeded
from torch import nn

from mindseye.layers.layer import find_layer
from mindseye.layers.survey import survey
from mindseye.models.freeze import freeze
from mindseye.models.load import load_model
from mindseye.optimize.canvases.compose import palette_of
from mindseye.optimize.loop import Painting
from mindseye.optimize.loss import Term
from mindseye.optimize.objectives.unit import Channel, LayerNorm
from mindseye.optimize.recipe.load import recipe_from
from mindseye.optimize.recipe.schedule import Schedule
from mindseye.report.progress import Progress
from mindseye.runs.entries import describe_model, new_manifest
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import PictureEntry
from mindseye.workflows.objectives import commission

SIDE = 24
RECIPE = recipe_from({"steps": 12, "lr": 0.05, "size": SIDE, "colours": "imagenet"}, "plain")


@pytest.fixture(scope="module")
def model():
    return load_model(seeded(TinyConv))


def channel(number):
    return Channel("body.2", torch.tensor([number]))


def carry_out(model, wanted, folder, addresses=("body.0", "body.2"), **changes):
    """Paint some pictures; the manifest."""
    order = Order(
        model=model,
        recipe=RECIPE,
        wanted=wanted,
        layers=[find_layer(survey(model.network, SIDE), address) for address in addresses],
        palette=palette_of(RECIPE, None, 3),
        seed=0,
        device=torch.device("cpu"),
        view=SIDE,
        **changes,
    )
    manifest = new_manifest("paint", "test", {}, RECIPE, 0, order.device, describe_model(model))
    Commission(order, Record(RunFolder(folder), manifest, lambda line: None, {}), Progress(quiet=True)).run()
    return RunFolder(folder).read()


def value(entry, role="picture"):
    return entry.measures["objective"][role]["value"]


def test_what_is_shown_is_what_is_measured(model, tmp_path):
    """Raised is a sum, measured its first part: the same picture, another number."""
    pull = LayerNorm("body.0") * 0.3
    wanted = [Wanted("3", channel(3) - pull), Wanted("3", channel(3) - pull, shown=channel(3)), Wanted("3", pull)]
    runs = [carry_out(model, [one], tmp_path / f"{number}") for number, one in enumerate(wanted)]
    both, shown, _ = (run.pictures[0] for run in runs)
    assert both.loss == shown.loss
    pictures = [(tmp_path / f"{number}" / both.picture).read_bytes() for number in range(2)]
    assert pictures[0] == pictures[1]
    for role in ("picture", "start"):
        assert value(both, role) < value(shown, role)
    # The pull by itself starts from the same noise, so that what it says of the start is the difference of the two.
    assert value(shown, "start") - value(both, "start") == pytest.approx(value(runs[2].pictures[0], "start"), abs=1e-6)


def test_it_is_measured_on_the_network_as_it_is(tmp_path, monkeypatch):
    """Painted from the network with its normalisations folded; what is measured is what the given one makes of it."""
    network = seeded(lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()))
    model, seen = load_model(network), {}
    painted, measured = commission.Painting, commission.objective_measures

    def paint(canvas, terms, recipe, views, random, read, *others):
        seen["painted"] = read.network
        return painted(canvas, terms, recipe, views, random, read, *others)

    def measure(read, *others):
        seen["measured"] = read.network
        return measured(read, *others)

    monkeypatch.setattr(commission, "Painting", paint)
    monkeypatch.setattr(commission, "objective_measures", measure)
    with freeze(network):
        wanted = [Wanted("a channel", Channel("2", torch.tensor([1])))]
        carry_out(model, wanted, tmp_path / "run", addresses=["2"])
    assert seen["measured"] is network
    assert not any(isinstance(module, nn.BatchNorm2d) for module in seen["painted"].modules())
    assert isinstance(network[1], nn.BatchNorm2d)


def test_what_else_an_entry_says(model, tmp_path):
    """``about`` stands beside what every entry has."""
    (entry,) = carry_out(
        model, [Wanted("3", channel(3), about=PictureEntry(variant=2, photo="a.png"))], tmp_path
    ).pictures
    assert entry.variant == 2
    assert entry.photo == "a.png"
    assert (entry.index, entry.objective, entry.status) == (0, "3", "done")


def test_terms_beside_know_which_pictures_they_get(model, tmp_path):
    """By their place in the order, whatever the batch."""
    asked = []

    def beside(pictures):
        asked.append(list(pictures))
        return [Term("norm", LayerNorm("body.0"), Schedule(0.1, 0.1))]

    run = carry_out(
        model, [Wanted(f"{number}", channel(number)) for number in range(3)], tmp_path, beside=beside, batch_size=2
    )
    assert asked == [[0, 1], [2]]
    assert all("norm" in entry.loss for entry in run.pictures)


def test_two_of_the_same_words_are_two_pictures(model, tmp_path):
    """Each has random numbers of its own."""
    run = carry_out(model, [Wanted("3", channel(3)), Wanted("3", channel(3))], tmp_path)
    one, other = ((tmp_path / entry.start).read_bytes() for entry in run.pictures)
    assert one != other


def test_a_picture_that_turns_nan_costs_only_itself(model, tmp_path, monkeypatch):
    """The run ends in part and names it; the other is painted and measured."""
    real = Painting.advance

    def advance(self):
        real(self)
        with torch.no_grad():
            self.canvas.parameters[0][0] = float("nan")

    monkeypatch.setattr(Painting, "advance", advance)
    run = carry_out(model, [Wanted("3", channel(3)), Wanted("4", channel(4))], tmp_path)
    lost, kept = run.pictures
    assert (run.status, lost.status, kept.status) == ("partial", "failed", "done")
    assert "NaN" in lost.reason
    assert lost.measures is None
    assert math.isfinite(value(kept))
