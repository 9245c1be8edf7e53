"""Directions: the objective against its formula, random ones, those between two units, and those from files."""

import io
import math
import zipfile

import numpy as np
import pytest
import torch

from mindseye.errors import UserError
from mindseye.optimize.objectives.direction import Direction, between_units, random_direction, read_direction


def random(*shape, seed=5):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_direction_by_definition(power):
    """Dot product with the unit direction times the cosine to the power, the cosine at least a tenth."""
    activation, directions = random(3, 6, 8, seed=11), random(3, 6, seed=12)
    directions[0] = activation[0].mean(-1) * 5
    directions[1] = -activation[1].mean(-1)
    expected = []
    for a, v in zip(activation.mean(-1).tolist(), directions.tolist()):
        dot = sum(x * y for x, y in zip(a, v)) / math.hypot(*v)
        expected.append(dot * max(dot / math.hypot(*a), 0.1) ** power)
    torch.testing.assert_close(Direction("a", directions, power)({"a": activation}), torch.tensor(expected))


def test_a_power_of_zero_is_the_dot_product():
    """Without the cosine what is left is linear: twice the activation, twice the value, also where it is negative."""
    activation, direction = random(3, 6, 8, seed=11), random(1, 6, seed=12)
    plain = Direction("a", direction, 0.0)
    torch.testing.assert_close(plain({"a": 2 * activation}), 2 * plain({"a": activation}))
    torch.testing.assert_close(plain({"a": -activation}), -plain({"a": activation}))


def test_direction_does_not_care_for_its_length():
    """A direction ten times as long is the same direction."""
    activation, directions = random(3, 6, 8, seed=11), random(3, 6, seed=12)
    longer = Direction("a", 10 * directions)({"a": activation})
    torch.testing.assert_close(longer, Direction("a", directions)({"a": activation}))


def test_a_picture_that_points_away_is_still_drawn():
    """Against the direction the value is negative and its gradient leads towards it; at no activation it is finite."""
    direction = random(1, 6, seed=12)
    for start in (-direction, torch.zeros(1, 6)):
        mean = start.clone().requires_grad_()
        value = Direction("a", direction)({"a": mean[..., None]})
        value.sum().backward()
        assert value <= 0
        assert mean.grad.isfinite().all()
        assert (mean.grad * direction).sum() > 0


def test_random_directions_are_seeded_unit_vectors():
    """The same seed gives the same unit vector, another another; over many seeds no channel is preferred."""
    first = random_direction(64, 3)
    torch.testing.assert_close(first, random_direction(64, 3), rtol=0, atol=0)
    assert first.norm().item() == pytest.approx(1, abs=1e-6)
    assert abs(float(first @ random_direction(64, 4))) < 0.5
    many = torch.stack([random_direction(4, seed) for seed in range(400)])
    assert many.mean(0).abs().max() < 0.1
    torch.testing.assert_close(many.square().mean(0), torch.full((4,), 0.25), rtol=0, atol=0.05)


def test_between_units_by_definition():
    """(1 - s) in the first unit's place and s in the second's, from end to end; one unit with itself stays itself."""
    directions = between_units(4, 1, 6, 3)
    expected = [[0, 0, 0, 0, 1, 0], [0, 0.5, 0, 0, 0.5, 0], [0, 1, 0, 0, 0, 0]]
    torch.testing.assert_close(directions, torch.tensor(expected, dtype=torch.float32))
    torch.testing.assert_close(between_units(2, 2, 3, 2), torch.tensor([[0.0, 0, 1], [0, 0, 1]]))
    with pytest.raises(UserError, match="2 pictures or more, not 1"):
        between_units(0, 1, 3, 1)


@pytest.mark.parametrize("dtype", ["float64", "float16", "int8", ">f4"])
def test_a_direction_is_read_whatever_its_numbers(tmp_path, dtype):
    """Real numbers of any width and byte order point the same way, up to their length."""
    wanted = np.array([3, -4, 0, 12], dtype=dtype)
    np.save(tmp_path / "a: way@1,2.npy", wanted)
    read = read_direction(tmp_path / "a: way@1,2.npy", "layer", 4)
    torch.testing.assert_close(read, torch.tensor([0.25, -1 / 3, 0, 1.0]))


def test_a_direction_beyond_single_precision(tmp_path):
    """Numbers that float32 cannot hold are scaled before they are narrowed."""
    np.save(tmp_path / "large.npy", np.array([1e300, -5e299]))
    torch.testing.assert_close(read_direction(tmp_path / "large.npy", "layer", 2), torch.tensor([1.0, -0.5]))


def _pickled():
    held = io.BytesIO()
    np.save(held, np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    return held.getvalue()


def _zipped():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.npy", b"no array")
    return held.getvalue()


def _header_of_a_huge_array():
    held = io.BytesIO()
    np.lib.format.write_array_header_1_0(held, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    return held.getvalue()


def _saved(array):
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"", "no NumPy array"),
        (b"neither", "no NumPy array"),
        (b"\x93NUMPY\x01\x00\x06\x00{'a':\n", "no NumPy array"),
        (_pickled(), "no NumPy array|no real numbers"),
        (_zipped(), "no real numbers"),
        (_header_of_a_huge_array(), "no NumPy array"),
        (_saved(np.array(["a", "b", "c"])), "no real numbers"),
        (_saved(np.ones(3, dtype=complex)), "no real numbers"),
        (_saved(np.ones(4)), r"shape \[4\]: layer 'layer3' wants \[3\]"),
        (_saved(np.ones((1, 3))), r"shape \[1, 3\]"),
        (_saved(np.float64(3)), r"shape \[\]"),
        (_saved(np.array([1, np.nan, 2])), "NaN or infinite"),
        (_saved(np.array([1, np.inf, 2])), "NaN or infinite"),
        (_saved(np.zeros(3)), "points nowhere"),
    ],
)
def test_what_is_no_direction_is_refused(tmp_path, content, reason):
    """Missing, broken, pickled, zipped, of another shape or kind, not finite, all zero: one line that says which."""
    path = tmp_path / "way.npy"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=reason) as caught:
        read_direction(path, "layer3", 3)
    assert "way.npy" in str(caught.value)
    assert "\n" not in str(caught.value)
