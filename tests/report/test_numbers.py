"""Measures as the sheets read them."""

import math
from typing import Any

import pytest

from mindseye.report.numbers import SHOWN, Reading, format_number, judge_name, loss_terms, reading, readings
from mindseye.runs.schema import FacetEntry

PROBABILITY = next(measure for measure in SHOWN if measure.key == "probability")
HOME = next(measure for measure in SHOWN if measure.key == "home_folder")


def test_transfer_is_read_from_the_first_judge() -> None:
    """Per judge, each role has its own number; the judge is named."""
    roles = {role: {"probability": value} for role, value in (("picture", 0.6), ("members", 0.4), ("start", 0.1))}
    measures = {"transfer": {"lite1": roles, "lite2": {"picture": {"probability": 0.9}}}}
    assert reading(measures, PROBABILITY) == Reading(0.6, 0.4, 0.1)
    assert judge_name(measures) == "lite1"


def test_neighbourhood_is_read_with_and_without_a_judge() -> None:
    """Roles may stand directly under the family or under a judge's name."""
    roles = {"picture": {"home_folder": 1.0}, "members": {"home_folder": 0.97}}
    assert reading({"neighbourhood": roles}, HOME) == Reading(1.0, 0.97)
    assert reading({"neighbourhood": {"lite1": roles}}, HOME) == Reading(1.0, 0.97)


def test_measure_without_baselines_is_the_pictures() -> None:
    """A ratio to the members stands alone."""
    assert readings({"naturalness": {"total_variation": 1.2}}) == [("total variation", Reading(1.2))]


@pytest.mark.parametrize(
    "measures",
    [
        None,
        {},
        {"transfer": None},
        {"transfer": []},
        {"transfer": {"j": None}},
        {"transfer": {"j": {"picture": {"probability": None}}}},
    ],
)
def test_missing_measures_are_no_numbers(measures: Any) -> None:
    """Whatever is absent, null or of another kind is not read."""
    assert reading(measures, PROBABILITY) == Reading()
    assert readings(measures) == []


def test_values_that_are_not_finite_are_left_out() -> None:
    """NaN is no number to draw; a truth value (top-1 of one picture) counts as 0 or 1."""
    block = {"picture": {"probability": math.nan, "top1": True}}
    assert readings({"transfer": {"j": block}}) == [("top-1", Reading(1.0))]


def test_loss_terms_with_both_ends_are_read() -> None:
    """A term that ended in NaN (written as null) is left out."""
    assert loss_terms(FacetEntry(loss={"match": [5, 0.8], "dot": [1.0, None], "x": [3]})) == {"match": (5.0, 0.8)}
    assert loss_terms(FacetEntry()) == {}
    assert loss_terms(FacetEntry(loss={"total variation": [0.1, 0.2]})) == {"TV": (0.1, 0.2)}


def test_terms_of_the_matched_layers_are_summed() -> None:
    """What is matched at many stages is one line of a sheet, beside the other terms."""
    loss = {"dot": [-1.0, -2.0], "match rgb": [1.0, 0.5], "match bn2": [2.0, 0.25]}
    assert loss_terms(FacetEntry(loss=loss)) == {"dot": (-1.0, -2.0), "match": (3.0, 0.75)}


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0.00"), (0.004, "0.004"), (0.59, "0.59"), (-4.2, "-4.20"), (12.34, "12.3"), (1234.5, "1234")],
)
def test_numbers_are_shown_with_the_digits_that_count(value: float | None, text: str) -> None:
    """Two digits after the point for shares, fewer for large numbers, and never a small number as zero."""
    assert format_number(value) == text
