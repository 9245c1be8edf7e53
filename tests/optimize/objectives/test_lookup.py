"""From an objective's name to the objective: what it reads, and what it is refused for."""

import numpy as np
import pytest
import torch
from nets import TinyConv, TinyTokens, seeded
from torch import nn

from mindseye.errors import UserError
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.models.freeze import freeze
from mindseye.models.load import Model
from mindseye.optimize.objectives.address import parse_objective
from mindseye.optimize.objectives.batch import Each
from mindseye.optimize.objectives.direction import Direction
from mindseye.optimize.objectives.lookup import look_up, look_up_between
from mindseye.optimize.objectives.surveyed import Surveyed
from mindseye.preprocessing import Preprocessing

SIDE = 32
LABELS = ("tench, Tinca tinca", "zebra", "tea: the drink", "bow", "bow")


class Wide(nn.Module):
    """Maps of 8 rows and 16 columns for square images of one channel, as dense outputs beside a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=(4, 2), padding=1)
        self.fc = nn.Linear(4, 3)

    def forward(self, images):
        features = self.conv(images)
        return {"out": features, "aux": [self.fc(features.mean((2, 3)))]}


def surveyed(network, channels=3, labels=None):
    plain = Preprocessing((0.0,) * channels, (1.0,) * channels, SIDE, SIDE)
    model = Model("test", network, plain, labels, None, channels, "none")
    return Surveyed(model, survey(network, SIDE, channels), SIDE)


@pytest.fixture(scope="module")
def conv():
    return surveyed(seeded(TinyConv), labels=LABELS)


@pytest.fixture(scope="module")
def wide():
    return surveyed(seeded(Wide), 1)


def images(channels=3, seed=0):
    return torch.randn(2, channels, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def value(text, scene, channels=3, **options):
    """The objective of that name for two images, read by hooks, and the images."""
    objective, layer = look_up(parse_objective(text), scene, **options)
    assert objective.name == text
    assert objective.layers == (layer.address,)
    with freeze(scene.model.network), Reader(scene.model.network, [layer]) as read:
        return objective(read(images(channels)))


def raw(scene, module, channels=3, of_input=False):
    """What a module gives (or takes), by a hook of this test's own."""
    kept = []
    target = dict(scene.model.network.named_modules())[module]
    if of_input:
        handle = target.register_forward_pre_hook(lambda m, i: kept.append(i[0].clone()))
    else:
        handle = target.register_forward_hook(lambda m, i, o: kept.append(o.clone() if module else o))
    with torch.no_grad():
        scene.model.network(images(channels))
    handle.remove()
    return kept


def test_channels_neurons_and_whole_layers(conv):
    """Each is read from the layer that is named, at x columns from the left and y rows from the top."""
    maps = raw(conv, "body.1")[0]
    torch.testing.assert_close(value("body.1:11", conv), maps[:, 11].mean((1, 2)))
    torch.testing.assert_close(value("body.1:11@4,7", conv), maps[:, 11, 7, 4])
    torch.testing.assert_close(value("body.1:11@4,7:neg", conv), -maps[:, 11, 7, 4])
    torch.testing.assert_close(value("body.1", conv), maps.square().mean((1, 2, 3)))
    torch.testing.assert_close(value("body.1@input:3@1,2", conv), raw(conv, "body.1", of_input=True)[0][:, 3, 2, 1])


def test_x_and_y_are_not_swapped(wide):
    """On a map wider than high x runs along the longer side, up to its last column and row."""
    maps = raw(wide, "conv", 1)[0]
    assert maps.shape == (2, 4, 8, 16)
    torch.testing.assert_close(value("conv:2@15,7", wide, 1), maps[:, 2, 7, 15])
    torch.testing.assert_close(value("output:out:2@9,3", wide, 1), maps[:, 2, 3, 9])


def test_tokens_that_form_a_square_have_places():
    """The class token and the register are no positions: x and y count patches."""
    scene = surveyed(seeded(TinyTokens))
    tokens = raw(scene, "blocks.7")[0]
    torch.testing.assert_close(value("blocks.7:5@3,1", scene), tokens[:, 2 + 1 * 4 + 3, 5])
    with pytest.raises(UserError, match=r"@4,0 is outside layer 'blocks.7': x is 0-3, y is 0-3"):
        value("blocks.7:5@4,0", scene)


def test_a_negative_is_read_before_the_activation_function(conv):
    """A block that ends in a ReLU is read where its last ReLU takes its values; a linear layer where it is."""
    before = raw(conv, "body.2.relu", of_input=True)[1]
    assert before.min() < 0
    torch.testing.assert_close(value("body.2:3:neg", conv), -before[:, 3].mean((1, 2)))
    torch.testing.assert_close(value("body.2:3@1,2:neg", conv), -before[:, 3, 2, 1])
    torch.testing.assert_close(value("body.1:3:neg", conv), -raw(conv, "body.1")[0][:, 3].mean((1, 2)))


@pytest.mark.parametrize("name", ["zebra", "ZEBRA", "1"])
def test_classes_by_name_and_index(conv, name):
    """A class is a logit of the output, or, where a probability is asked for, its log softmax."""
    logits = conv.model.network(images())
    torch.testing.assert_close(value(f"class:{name}", conv), logits[:, 1])
    torch.testing.assert_close(value(f"class:{name}", conv, probability=True), logits.log_softmax(1)[:, 1])


def test_a_classs_name_may_hold_anything(conv):
    """Commas, spaces and colons belong to the name."""
    logits = conv.model.network(images())
    torch.testing.assert_close(value("class:tea: the drink", conv), logits[:, 2])
    torch.testing.assert_close(value("class:tench, Tinca tinca", conv), logits[:, 0])


def test_outputs_and_their_parts(conv, wide):
    """The output of a network, plain or structured, by channel, position, part, direction and negative."""
    logits = conv.model.network(images())
    torch.testing.assert_close(value("output", conv), logits.square().mean(1))
    torch.testing.assert_close(value("output:3", conv), logits[:, 3])
    torch.testing.assert_close(value("output:3:neg", conv), -logits[:, 3])
    torch.testing.assert_close(value("output:3", conv, probability=True), logits.log_softmax(1)[:, 3])
    given = wide.model.network(images(1))
    torch.testing.assert_close(value("output:aux.0:2", wide, 1), given["aux"][0][:, 2])
    torch.testing.assert_close(value("output:out", wide, 1), given["out"].square().mean((1, 2, 3)))
    torch.testing.assert_close(
        value("output:out:1", wide, 1, probability=True), given["out"].log_softmax(1)[:, 1].mean((1, 2))
    )
    assert value("output:out:random:3", wide, 1).shape == (2,)


def test_directions_random_and_from_files(conv, tmp_path):
    """A direction has a number for each channel; the power is that of its cosine."""
    way = np.arange(16.0) - 4
    np.save(tmp_path / "a: b@1,2.npy", way)
    mean = raw(conv, "body.1")[0].mean((2, 3))
    wanted = Direction("x", torch.tensor(way)[None], 3.0)({"x": mean[..., None]})
    torch.testing.assert_close(value(f"body.1:{tmp_path}/a: b@1,2.npy", conv, power=3.0), wanted)
    same, other = (value(f"body.1:random:{seed}", conv, power=0.0) for seed in (5, 6))
    torch.testing.assert_close(same, value("body.1:random:5", conv, power=0.0))
    assert (same != other).all()


def test_a_probability_changes_classes_only(conv):
    """A channel of an inner layer is the same with it and without."""
    torch.testing.assert_close(value("body.1:3", conv, probability=True), value("body.1:3", conv))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("body.9:3", "no layer 'body.9' fires"),
        ("body.1:16", "channel 16 is not in layer 'body.1': its channels are 0-15"),
        ("body.1:16:neg", "its channels are 0-15"),
        ("body.1:3@8,0", "@8,0 is outside layer 'body.1': x is 0-7, y is 0-7"),
        ("body.1:3@0,8:neg", "x is 0-7, y is 0-7"),
        ("fc:3@0,0", "layer 'fc' has no rows and columns"),
        ("output:3@0,0", "has no rows and columns"),
        ("output:5", "channel 5 is not in layer 'output': its channels are 0-4"),
        ("output:out:3", "no part of a layer"),
        ("class:zebre", "did you mean 'zebra"),
        ("class:bow", "give the index of one, 3, 4"),
        ("class:5", "give 0 to 4"),
        ("body.1:missing.npy", "No such file"),
    ],
)
def test_what_is_not_there_is_refused(conv, text, reason):
    """The thing is named, with the valid range or near names."""
    with pytest.raises(UserError, match=reason):
        look_up(parse_objective(text), conv)


def test_dense_ranges_are_those_of_rows_and_columns(wide):
    """Of a map wider than high the ranges differ, and a part that is not there is named beside those that are."""
    for text, reason in {
        "conv:1@16,0": "x is 0-15, y is 0-7",
        "conv:1@0,8": "x is 0-15, y is 0-7",
        "output:out:4": "its channels are 0-3",
        "output:mask:1": "out, aux",
    }.items():
        with pytest.raises(UserError, match=reason):
            look_up(parse_objective(text), wide)


def test_a_class_beyond_the_networks_outputs_is_refused():
    """Labels that know more classes than the network scores do not lead beyond its output."""
    scene = surveyed(seeded(TinyConv), labels=(*LABELS, "sixth"))
    with pytest.raises(UserError, match="its channels are 0-4"):
        look_up(parse_objective("class:sixth"), scene)


def test_between_two_units_lie_directions(conv):
    """Of one layer, without a sign: directions; else weighted sums. The ends are the two, the names say which picture."""
    mean = raw(conv, "body.1")[0].mean((2, 3))
    first, second = parse_objective("body.1:3"), parse_objective("body.1:5")
    objectives, layers = look_up_between(first, second, 2, conv, power=0.0)
    torch.testing.assert_close(Each(objectives)({"body.1": mean[..., None]}), torch.stack([mean[0, 3], mean[1, 5]]))
    assert [layer.address for layer in layers] == ["body.1"]
    assert [objective.name for objective in objectives] == ["body.1:3 > body.1:5 1/2", "body.1:3 > body.1:5 2/2"]
    halfway = look_up_between(first, second, 3, conv, power=0.0)[0][1]
    torch.testing.assert_close(halfway({"body.1": mean[..., None]}), (mean[:, 3] + mean[:, 5]) / 2**0.5)


def test_between_objectives_of_two_layers_lie_sums(conv):
    """Both layers are read, and the values run from one to the other."""
    objectives, layers = look_up_between(parse_objective("body.1:3:neg"), parse_objective("class:zebra"), 3, conv)
    assert [layer.address for layer in layers] == ["body.1", "output"]
    at = {"body.1": torch.full((1, 16, 4), 2.0), "output": torch.full((1, 5, 1), 6.0)}
    assert [float(objective(at)) for objective in objectives] == [-2.0, 2.0, 6.0]
    with pytest.raises(UserError, match="2 pictures or more"):
        look_up_between(parse_objective("body.1:3"), parse_objective("body.1:5"), 1, conv)
