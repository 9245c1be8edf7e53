"""A judge is read at its last features and at its own output, whatever that output looks like."""

import pytest
import torch
from nets import TinyConv, seeded

from mindseye.measure.judge import make_judge, run_judge
from mindseye.models.load import load_model


class Gives(torch.nn.Module):
    """A network whose scores are part of a structure."""

    def __init__(self, form):
        super().__init__()
        self.inner = seeded(TinyConv)
        self.form = form

    def forward(self, images):
        return self.form(self.inner(images))


def photos():
    return torch.randint(256, (3, 3, 32, 32), generator=torch.Generator().manual_seed(1)).float()


def seen(network):
    model = load_model(network.eval(), size=32)
    judge = make_judge(model)
    logits = run_judge(judge, [([0, 1, 2], photos())], torch.device("cpu")).logits
    return judge, logits, model.preprocessing.normalise(photos() / 255)


@pytest.mark.parametrize(
    ("form", "address"),
    [
        (lambda scores: scores, "output"),
        (lambda scores: (scores, scores.exp()), "output:0"),
        (lambda scores: {"loss": None, "logits": scores}, "output:logits"),
    ],
)
def test_scores_within_a_structure(form, address):
    """The scores are the network's own, found in a tuple or a dict too."""
    network = Gives(form)
    judge, logits, images = seen(network)
    assert judge.output.address == address
    torch.testing.assert_close(logits, network.inner(images), rtol=1e-4, atol=1e-5)


class NamesItsLast(torch.nn.Module):
    """Ends in a module called ``output`` whose values are not yet what the network gives."""

    def __init__(self):
        super().__init__()
        self.output = torch.nn.Linear(3072, 5)

    def forward(self, images):
        return self.output(images.flatten(1)).softmax(1)


def test_a_module_named_output_is_not_the_output():
    """Features read at a module of that name and the network's scores are told apart."""
    network = NamesItsLast()
    judge, logits, images = seen(network)
    assert judge.features.address == "output"
    with torch.no_grad():
        torch.testing.assert_close(logits, network(images), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("form", "address"),
    [
        (lambda scores: (scores[:, :3], scores), "output:1"),
        (lambda scores: {"loss": scores.mean(), "scores": scores}, "output:scores"),
    ],
)
def test_scores_beside_other_numbers(form, address):
    """The judge counts the classes of the tensor that it reads: as many as there are labels, and one for each image."""
    network = Gives(form)
    network.labels = tuple("abcde")
    model = load_model(network)
    assert model.findings.outputs == 5
    judge = make_judge(model, ["e"])
    assert (judge.output.address, judge.output.channels, judge.labels) == (address, 5, (4,))
    network.labels = None
    assert load_model(network).findings.outputs == (3 if address == "output:1" else 5)


def test_no_scores():
    """A network that gives a map scores nothing."""
    judge, logits, _ = seen(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(4, 4, 3)))
    assert judge.output is None
    assert logits is None
