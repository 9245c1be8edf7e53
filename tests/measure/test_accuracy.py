"""Accuracies over many images against plain loops, and their intervals against scipy."""

import pytest
import torch
from scipy.stats import binomtest

from mindseye.errors import UserError
from mindseye.measure.accuracy import accuracy, accuracy_over, confusions, read_predictions

LABELS = [(3,), (0, 7), (11,)]
CLASSES = [number for number in (0, 1, 2) for _ in range(20)]
PAINTINGS = [index // 5 for index in range(60)]


@pytest.fixture(scope="module")
def logits():
    """Of 60 images and 12 labels, raised at the wanted ones by chance."""
    draw = torch.Generator().manual_seed(0)
    values = 2 * torch.randn(60, 12, generator=draw)
    for row, number in enumerate(CLASSES):
        values[row, LABELS[number][row % len(LABELS[number])]] += 3 * torch.rand(1, generator=draw).item()
    return values


@pytest.fixture(scope="module")
def found(logits):
    return read_predictions(logits, CLASSES, LABELS)


def test_every_image_against_a_loop(logits, found):
    """Softmax, rank and label written out."""
    for row, number in enumerate(CLASSES):
        scores = [float(value) for value in logits[row]]
        powers = [2.718281828459045**value for value in scores]
        ranked = sorted(range(12), key=lambda label: -scores[label])
        own = LABELS[number]
        assert found.seen[row] == ranked[0]
        assert found.probability[row] == pytest.approx(max(powers) / sum(powers), abs=1e-6)
        assert found.class_probability[row] == pytest.approx(
            sum(powers[label] for label in own) / sum(powers), abs=1e-6
        )
        assert bool(found.top1[row]) == (ranked[0] in own)
        assert bool(found.top5[row]) == any(label in own for label in ranked[:5])


def test_the_case_is_neither_all_nor_nothing(found):
    """Else the numbers below would say little."""
    assert 0.2 < found.top1.double().mean() < found.top5.double().mean() < 0.95


@pytest.mark.parametrize("name", ["top1", "top5"])
def test_shares_and_intervals(found, name):
    """Wilson's interval as scipy has it."""
    hits = int(getattr(found, name).sum())
    told = accuracy(found)
    assert told["n"] == 60
    bounds = binomtest(hits, 60).proportion_ci(0.95, method="wilson")
    assert told[name] == pytest.approx({"mean": hits / 60, "low": bounds.low, "high": bounds.high})


def test_over_paintings_the_mean_stays_and_the_interval_is_that_of_fewer_trials(found):
    """Closed form: p = share, m = 12 paintings, z = 1.96."""
    told, p, m, z = accuracy_over(found, PAINTINGS), found.top1.double().mean().item(), 12, 1.959963984540054
    centre = (p + z * z / (2 * m)) / (1 + z * z / m)
    half = z / (1 + z * z / m) * (p * (1 - p) / m + z * z / (4 * m * m)) ** 0.5
    assert told["n"] == 12
    assert told["top1"] == pytest.approx({"mean": p, "low": centre - half, "high": centre + half})
    plain = accuracy(found)["top1"]
    assert told["top1"]["low"] < plain["low"] < plain["high"] < told["top1"]["high"]


def test_confusions_against_a_loop(found):
    """Most frequent first; every image that top-1 counts as wrong is in one of them."""
    counts = {}
    for row, number in enumerate(CLASSES):
        if int(found.seen[row]) not in LABELS[number]:
            key = (number, int(found.seen[row]))
            counts[key] = counts.get(key, 0) + 1
    told = confusions(found)
    assert {(one, seen): count for one, seen, count in told} == counts
    assert [count for *_, count in told] == sorted(counts.values(), reverse=True)


def test_labels_that_count_as_one_are_no_confusion():
    """An image of class 1 may be taken for 0 or for 7."""
    logits = torch.zeros(2, 12)
    logits[0, 0] = logits[1, 7] = 5
    assert confusions(read_predictions(logits, [1, 1], LABELS)) == []


def test_one_class_of_several_and_no_images(found):
    """A selection is like a table of its own; an empty one has no share."""
    own = found.select(found.classes == 1)
    assert accuracy(own)["n"] == 20
    assert accuracy(own)["top1"]["mean"] == pytest.approx(found.top1[20:40].double().mean().item())
    nothing = accuracy(found.select(found.classes == 9))
    assert nothing["n"] == 0
    assert nothing["top1"]["mean"] != nothing["top1"]["mean"]


def test_a_class_for_each_image():
    with pytest.raises(UserError, match="3 images and 2 classes"):
        read_predictions(torch.zeros(3, 12), [0, 1], LABELS)
