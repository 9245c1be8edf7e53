"""What a judge names, against softmax written out."""

import math

import pytest
import torch

from mindseye.errors import UserError
from mindseye.measure.transfer import facet_transfer, majority_label, transfer


def test_one_label_against_softmax() -> None:
    """Probability from exponentials; first only where largest; among five wherever four at most are larger."""
    logits = torch.tensor([[3.0, 1.0, 0.0, 2.0, -1.0, 0.5], [0.0, 9.0, 8.0, 7.0, 6.0, 5.0]])
    found = transfer(logits, [0])
    for row, probability in zip(logits.tolist(), found["probability"].tolist(), strict=True):
        assert probability == pytest.approx(math.exp(row[0]) / sum(math.exp(value) for value in row))
    assert found["top1"].tolist() == [1.0, 0.0]
    assert found["top5"].tolist() == [1.0, 0.0]
    assert transfer(logits, [5])["top5"].tolist() == [1.0, 1.0]
    assert transfer(logits, [5])["top1"].tolist() == [0.0, 0.0]


def test_labels_count_together() -> None:
    """Probabilities add, and one of the labels first or among five is enough; a label twice counts once."""
    logits = torch.tensor([[3.0, 1.0, 0.0, 2.0, -1.0, -2.0]])
    together, one, two = (transfer(logits, labels) for labels in ([5, 0, 0], [0], [5]))
    assert together["probability"].item() == pytest.approx((one["probability"] + two["probability"]).item())
    assert together["top1"].item() == 1.0
    assert two["top1"].item() == 0.0
    assert together["top5"].item() == 1.0
    assert two["top5"].item() == 0.0
    assert transfer(logits, range(6))["probability"].item() == pytest.approx(1)


def test_a_judge_of_few_labels() -> None:
    """With three labels every one is among the first five."""
    assert transfer(torch.tensor([[0.0, 1.0, 2.0]]), [0])["top5"].item() == 1.0


@pytest.mark.parametrize("labels", [[], [-1], [3]])
def test_labels_that_a_judge_does_not_have(labels: list[int]) -> None:
    """No label, a negative one and one past the end are refused, with the range."""
    with pytest.raises(UserError, match="from 0 to 2"):
        transfer(torch.zeros(1, 3), labels)


def test_majority_label() -> None:
    """Most first places win against a larger mean probability; equal votes go to the larger mean probability."""
    votes = torch.tensor([[1.0, 0.9, 0.0], [1.0, 0.9, 0.0], [0.0, 9.0, 0.0]])
    assert votes.softmax(1).mean(0).argmax() == 1
    assert majority_label(votes) == 0
    assert majority_label(votes[1:]) == 1
    assert majority_label(torch.tensor([[1.0, 1.0], [1.0, 1.0]])) == 0
    with pytest.raises(UserError, match="at least one member"):
        majority_label(torch.zeros(0, 3))


def test_facet_block() -> None:
    """Picture, members and start, by the members' own label unless labels are given; the members' are means."""
    members = torch.tensor([[2.0, 0.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 5.0]])
    picture, start = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0])
    found = facet_transfer(picture, members, start)
    assert found["members"]["top1"] == pytest.approx(2 / 3)
    assert found["members"]["probability"] == pytest.approx(members.softmax(1)[:, 0].mean().item())
    assert found["picture"]["probability"] == pytest.approx(picture.softmax(0)[0].item())
    assert (found["picture"]["top1"], found["start"]["top1"]) == (1.0, 0.0)
    assert facet_transfer(picture, members, start, [1])["start"]["top1"] == 1.0
