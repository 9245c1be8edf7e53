"""Objectives made in Python: numbers or tensors alike, bound to a network, and refused in one line that names the parameter."""

import numpy as np
import pytest
import torch
from nets import TinyConv, seeded

from mindseye.errors import UserError
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.models.freeze import freeze
from mindseye.models.load import Model
from mindseye.optimize.objectives.address import parse_objective
from mindseye.optimize.objectives.batch import Alignment, Each
from mindseye.optimize.objectives.direction import Direction
from mindseye.optimize.objectives.lookup import look_up, resolve_objective
from mindseye.optimize.objectives.named import Class, Named
from mindseye.optimize.objectives.objective import CANVAS, Objective
from mindseye.optimize.objectives.surveyed import Surveyed
from mindseye.optimize.objectives.unit import Channel, LayerNorm, LogProbability, Neuron
from mindseye.preprocessing import Preprocessing

SIDE = 32
ACTIVATION = torch.randn(3, 6, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def network():
    plain = Preprocessing((0.0,) * 3, (1.0,) * 3, SIDE, SIDE)
    model = Model("test", seeded(TinyConv), plain, ("tench", "zebra", "tea", "bow", "cow"), None, 3, "none")
    return Surveyed(model, survey(model.network, SIDE, 3), SIDE)


def values(objective, network):
    """The numbers of a bound objective for two images."""
    _, layers = resolve_objective(objective, network)
    images = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    with freeze(network.model.network), Reader(network.model.network, layers) as read:
        return objective(read(images) | {CANVAS: images})


@pytest.mark.parametrize(
    ("plain", "exact"),
    [
        (Channel("a", 4), Channel("a", torch.tensor([4]))),
        (Channel("a", [4, 0, 5]), Channel("a", torch.tensor([4, 0, 5]))),
        (Neuron("a", 4, [1, 0, 7]), Neuron("a", torch.tensor([4]), torch.tensor([1, 0, 7]))),
        (LogProbability("a", (2,)), LogProbability("a", torch.tensor([2]))),
        (Direction("a", [1, 0, 0, 2, 0, 0]), Direction("a", torch.tensor([[1.0, 0, 0, 2, 0, 0]]))),
        (Direction("a", np.eye(3, 6)), Direction("a", torch.eye(3, 6))),
    ],
)
def test_numbers_and_lists_are_as_good_as_tensors(plain, exact):
    """The same values for three images."""
    assert torch.equal(plain({"a": ACTIVATION}), exact({"a": ACTIVATION}))


def test_units_combine_in_python():
    """As in the documentation, by hand; a channel is called as on the command line."""
    objective = Channel("a", 1) - 0.5 * Channel("a", 5)
    expected = ACTIVATION[:, 1].mean(-1) - 0.5 * ACTIVATION[:, 5].mean(-1)
    torch.testing.assert_close(objective({"a": ACTIVATION}), expected)
    assert Channel("layer3.5", 11).name == "layer3.5:11"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Channel("a", "11"), "channels is a whole number from 0 on, or one for each image, not '11'"),
        (lambda: Channel("a", -1), "channels is a whole number from 0 on"),
        (lambda: Channel("a", True), "channels is a whole number"),
        (lambda: Channel("a", []), "channels is a whole number"),
        (lambda: Channel("a", [1.5]), "channels is a whole number"),
        (lambda: Channel("a", torch.tensor([[1]])), r"channels has shape \[1, 1\]"),
        (lambda: Channel("a", torch.tensor([1.0])), "channels has shape .*float32: whole numbers"),
        (lambda: Channel(3, 11), "layer is the address of a layer, such as 'layer3.5', not 3"),
        (lambda: Neuron("a", 1, (1.0, 2.0)), "positions is a whole number"),
        (lambda: LogProbability("a", None), "classes is a whole number"),
        (lambda: LayerNorm(None), "layer is the address"),
        (lambda: Direction("a", "x"), "directions are numbers"),
        (lambda: Direction("a", torch.zeros(1, 2, 3)), r"directions have shape \[1, 2, 3\]"),
        (lambda: Channel("a", 1) + "b", "with a number, not with 'b'"),
        (lambda: Class(3.5), "label is the name of a class"),
        (lambda: Named(3), "an objective is words"),
        (lambda: Named("layer3:"), "ends in a colon"),
        (lambda: parse_objective("my.py"), "write 'my.py:NAME' for the objective NAME"),
        (lambda: Class("zebra")({"a": ACTIVATION}), "'class:zebra' is not bound to a network"),
    ],
)
def test_wrong_types_are_refused(make, told):
    """One line each, with the parameter's name."""
    with pytest.raises(UserError, match=told) as raised:
        make()
    assert "\n" not in str(raised.value)


def test_names_are_looked_up_when_the_network_is_there(network):
    """A class by name, alone, in a sum and one per picture: what the words of the command line give."""
    zebra = look_up(parse_objective("class:zebra"), network)[0]
    unit = look_up(parse_objective("body.2:3@1,2"), network)[0]
    for given, expected in (
        (Class("zebra"), zebra),
        (Class(1), zebra),
        (2 * Class("zebra") - Named("body.2:3@1,2"), 2 * zebra - unit),
        (Each([Class("zebra"), Named("body.2:3@1,2")]), Each([zebra, unit])),
    ):
        bound = given.bind(network)
        assert torch.equal(values(bound, network), values(expected, network))
        assert bound.name == given.name
    logits = torch.stack([values(Channel("output", index), network) for index in range(5)])
    probability = Class("zebra", probability=True).bind(network)
    torch.testing.assert_close(values(probability, network), logits[1] - torch.logsumexp(logits, 0))
    assert Each([Named("body.2:3@1,2")]).bind(network).names_positions


@pytest.mark.parametrize(
    ("objective", "told"),
    [
        (Channel("body.9", 1), "no layer 'body.9' fires in this network; did you mean 'body"),
        (Channel("body.2", 16), "channel 16 is not in layer 'body.2': its channels are 0-15"),
        (Neuron("body.2", 1, 64), "position 64 is not in layer 'body.2': its positions are 0-63"),
        (LogProbability("output", 5), "its channels are 0-4"),
        (Channel("output:out", 0), "no part"),
        (Direction("body.2", [1.0, 2.0]), "a direction of 2 numbers does not fit layer 'body.2' of 16 channels"),
        (LayerNorm("body.2") + Class("zebre"), "did you mean 'zebra"),
        (Each([LayerNorm("body.2"), LayerNorm("bodi.2")]), "no layer 'bodi.2'"),
        (Alignment(["body.2", "body.7"]), "no layer 'body.7'"),
    ],
)
def test_what_the_network_does_not_have_is_refused(network, objective, told):
    """Before anything is painted, through sums and batches."""
    with pytest.raises(UserError, match=told):
        objective.bind(network)


def test_an_objective_is_resolved_however_it_is_given(network):
    """Words, an object, its class: with every layer that it reads, each once."""

    class Both(Objective):
        layers = ("body.0", CANVAS, "rgb", "body.2")

        def __call__(self, activations):
            return activations["body.0"].mean((1, 2)) + activations["body.2"].mean((1, 2))

    for given in (Both, Both(), 2 * Both() + LayerNorm("body.0")):
        objective, layers = resolve_objective(given, network)
        assert isinstance(objective, Objective)
        assert [layer.address for layer in layers] == ["body.0", "body.2"]
    assert [layer.address for layer in resolve_objective("class:zebra", network)[1]] == ["output"]
    with pytest.raises(UserError, match=r"an objective is words .* not 3"):
        resolve_objective(3, network)
    with pytest.raises(UserError, match="gives no Objective but a int"):
        resolve_objective(int, network)

    class Picture(Objective):
        layers = (CANVAS,)

        def __call__(self, activations):
            return activations[CANVAS].mean((1, 2, 3))

    with pytest.raises(UserError, match="objective 'Picture' reads no layer of the network"):
        resolve_objective(Picture(), network)
