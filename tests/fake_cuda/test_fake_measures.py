"""Measures and attribution on a GPU that is not there: each takes tensors there as it takes those of the CPU.

They may look at what they compute, as no step waits for them; nothing may be left on the CPU beside what is there.
"""

import numpy as np
import pytest
import torch
from fake_gpu import GPU
from nets import ChannelsLast, TinyConv, seeded

import mindseye as me
from mindseye.attribution.checks import chance, check
from mindseye.attribution.methods import METHODS, MethodContext, Settings
from mindseye.attribution.score import class_score, predict_classes, unit_score
from mindseye.facets import patches
from mindseye.facets.extremes import channel_extremes
from mindseye.layers.output import find_output
from mindseye.measure.accuracy import accuracy, confusions, read_predictions
from mindseye.measure.fidelity import activation_percentile, fidelity, recovery
from mindseye.measure.judge import make_judge, run_judge
from mindseye.measure.naturalness import naturalness, robustness_gap, sorted_distance
from mindseye.measure.neighbourhood import facet_neighbourhood, index_photos, mean_pairwise_cosine, neighbourhood
from mindseye.measure.sight import blindness_note
from mindseye.measure.transfer import facet_transfer
from mindseye.models.load import load_model
from mindseye.optimize.random import RandomKeys

SIDE, LAYER = 32, "body.2"
DICE = RandomKeys(0, ("one", "two"))


def there(*shape):
    return torch.rand(*shape, device=GPU)


def eye(network=TinyConv):
    return me.Session(seeded(network), device="cuda:0", size=SIDE, cache=False)


def photos(count=8):
    return torch.from_numpy(np.random.default_rng(0).integers(0, 255, (count, 3, SIDE, SIDE)).astype(np.uint8))


MEASURES = {
    "fidelity": lambda: fidelity(there(4, 9), there(4, 9), [1, 2]),
    "fidelity of channels each": lambda: fidelity(there(2, 9), there(1, 9), torch.tensor([[0, 1], [1, 2]])),
    "percentile": lambda: activation_percentile(there(4, 9), there(20, 9), there(4, 9)),
    "recovery": lambda: recovery(there(4, 9), there(3, 9), torch.zeros(4, dtype=torch.long, device=GPU)),
    "naturalness": lambda: naturalness(there(2, 3, SIDE, SIDE), there(3, 3, SIDE, SIDE), -2.0),
    "naturalness of grey": lambda: naturalness(there(2, 1, SIDE, SIDE), there(3, 1, SIDE, SIDE), -2.0),
    "sorted distance": lambda: sorted_distance(there(2, 5, 16), there(1, 5, 12)),
    "robustness": lambda: robustness_gap(there(3), there(5, 3)),
    "neighbourhood": lambda: neighbourhood(there(2, 7), there(20, 7), members=[1, 2, 3]),
    "neighbourhood of a facet": lambda: facet_neighbourhood(
        there(7), there(7), index_photos(there(20, 7)), 0, 0, torch.tensor([0, 1, 2], device=GPU)
    ),
    "likeness": lambda: mean_pairwise_cosine(there(4, 7)),
    "transfer": lambda: facet_transfer(there(9), there(5, 9), there(9)),
}


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_every_measure_of_tensors(gpu, measure):
    assert measure() is not None


def test_accuracies_of_logits(gpu):
    found = read_predictions(there(4, 9), [0, 0, 1, 1], [[1, 2], [3]])
    assert accuracy(found)["n"] == 4
    confusions(found)


def test_a_judge_and_a_look_at_shuffled_photos(gpu):
    judge = make_judge(load_model(seeded(TinyConv), size=SIDE))
    seen = run_judge(judge, [(list(range(8)), photos())], GPU)
    assert seen.features.shape == (8, 16)
    session = eye()
    with session.using() as used, used.reader([used.layer(LAYER)]) as read:
        blindness_note(read, session.model.preprocessing, LAYER, photos(), torch.rand(8, 16), GPU)


@pytest.mark.parametrize(("network", "layer"), [(TinyConv, LAYER), (ChannelsLast, "gelu")])
def test_the_measures_of_pictures(strict_steps, network, layer):
    session = eye(network)
    arrays = [image.movedim(0, -1).numpy() for image in photos()]
    of_facet = session.paint(session.target(arrays, layer), steps=1, top_k=4)
    assert of_facet.measures()[0]["fidelity"]["picture"].keys() >= {"cosine", "recovered"}
    of_unit = session.paint(f"{layer}:1", "lucid", steps=1)
    assert "value" in of_unit.measures()[0]["objective"]["picture"]


def test_extremes_and_patches_of_photos(gpu, monkeypatch):
    session = eye()
    batches = [(list(range(8)), photos())]
    normal = session.model.preprocessing
    # The made-up answer to "is any of these broken?" is yes.
    monkeypatch.setattr(patches, "check_finite", lambda means, layer: None)
    with session.using() as used, used.reader([used.layer(LAYER)]) as read:
        found = channel_extremes(read, normal, batches, [1, 2], GPU)
        assert len(found) == 2
        nearest = patches.nearest_positions(read, normal, photos(2), batches, GPU)
        assert len(nearest[LAYER]) == 2


@pytest.mark.parametrize("name", METHODS)
def test_every_method_of_attribution(gpu, name):
    session = eye()
    with session.using() as used:
        model, layers = used.model, used.network
        output = find_output(model.network, SIDE, 3)[0]
        for score in (class_score(model, output, [1]), unit_score(model, used.layer(LAYER), 2, (1, 1))):
            if name == "cam" and score.layer is not output:
                continue
            settings = Settings(steps=2)
            ask = METHODS[name].prepare(MethodContext(score, layers, SIDE, settings))
            explained = ask(score, there(2, 3, SIDE, SIDE), DICE)
            assert explained.map.shape == (2, SIDE, SIDE)


def test_the_checks_of_attribution(gpu):
    session = eye()
    images = there(2, 3, SIDE, SIDE)
    with session.using() as used:
        output = find_output(used.model.network, SIDE, 3)[0]
        score = class_score(used.model, output, predict_classes(used.model, output, images)[:1])
        ask = METHODS["grad-cam"].prepare(MethodContext(score, used.network, SIDE, Settings()))
        checked = check(ask, ask(score, images, DICE), score, images, DICE, used.network, 0, True)
        assert len(checked) == len(chance(score, images, DICE, True)) == 2


def test_a_measure_beside_a_tensor_of_the_cpu_is_caught(gpu):
    """The tests above can fail."""
    with pytest.raises(RuntimeError, match="same device"):
        fidelity(there(4, 9), torch.rand(4, 9))
