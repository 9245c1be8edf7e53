"""The kinds of values that a recipe has, with their limits, and what is said of a value that breaks them."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from mindseye.wording import did_you_mean

LIMIT = "limit"
"""The kind of an error whose message says what the value wants or must not be."""


def _to_whole(value: object) -> object:
    """7.0 counts as 7: writers of TOML and JSON differ in which of the two they write."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _check_order(pair: tuple[float, float]) -> tuple[float, float]:
    if not pair[0] <= pair[1]:
        raise PydanticCustomError(LIMIT, "wants smallest <= largest")
    return pair


def _check_factors(pair: tuple[float, float]) -> tuple[float, float]:
    if not 0 < pair[0] <= pair[1]:
        raise PydanticCustomError(LIMIT, "wants 0 < smallest <= largest")
    return pair


def _check_shares(pair: tuple[float, float]) -> tuple[float, float]:
    if not 0 < pair[0] <= pair[1] <= 1:
        raise PydanticCustomError(LIMIT, "wants 0 < smallest <= largest <= 1")
    return pair


def _check_list(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise PydanticCustomError("kind", "no list")
    return tuple(value)


Word = Annotated[str, Field(strict=True, description="a word")]
Name = Annotated[str, Field(strict=True, min_length=1, description="a word")]
Switch = Annotated[bool, Field(strict=True, description="true or false")]
Whole = Annotated[int, BeforeValidator(_to_whole), Field(strict=True, ge=0, description="a whole number")]
Count = Annotated[int, BeforeValidator(_to_whole), Field(strict=True, ge=1, description="a whole number")]
Shape = Annotated[tuple[Count, ...], Field(description="a list of whole numbers above zero")]
Sides = Annotated[tuple[Annotated[Count, Field(ge=2)], ...], Field(description="a list of whole numbers above one")]

Number = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False, description="a number")]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False, description="a number")]
Factor = Annotated[float, Field(strict=True, ge=1, allow_inf_nan=False, description="a number")]
Scheduled = Annotated[Number | tuple[Number, Number], Field(description="a number or [start, end]")]
"""A number, or a pair: it then runs from the first, at the first step, to the second, at the last."""

_Pair = Annotated[tuple[Number, Number], Field(description="[smallest, largest]")]
Range = Annotated[_Pair, AfterValidator(_check_order)]
Factors = Annotated[_Pair, AfterValidator(_check_factors)]
Shares = Annotated[_Pair, AfterValidator(_check_shares)]

Own = Annotated[tuple[Any, ...], BeforeValidator(_check_list), Field(description='a list such as ["my.py:NAME"]')]
"""Parts of the user's own: names, classes or objects."""


def explain(error: ValidationError, kinds: Mapping[str, FieldInfo], given: Mapping[str, Any]) -> str:
    """What is wrong with the first value that breaks its kind or its limits, and what is allowed, in one line.

    kinds: of all values, by key. given: the values that were given, by key.
    """
    problems = error.errors(include_url=False)
    place = problems[0]["loc"][0]
    key = list(kinds)[place] if isinstance(place, int) else place
    if key not in kinds:
        near = difflib.get_close_matches(key, kinds, n=3, cutoff=0.4)
        return f"a recipe has no {key!r}; {did_you_mean(near) or 'it has ' + ', '.join(sorted(kinds))}"
    told = [_broken_limit(problem) for problem in problems if problem["loc"][0] == place]
    limit = next((words for words in told if words), None)
    if limit is not None:
        return f"recipe value {key} {limit}"
    return f"recipe value {key} wants {kinds[key].description}, not {given.get(key, problems[0]['input'])!r}"


def _broken_limit(problem: Any) -> str | None:
    """The limit that a value of the right kind breaks, and the value; None for a value of another kind."""
    limits, value = problem.get("ctx", {}), problem["input"]
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = list(value)
    match problem["type"]:
        case "limit":
            return f"{problem['msg']}, not {value}"
        case "literal_error":
            return f"is one of {limits['expected'].replace(chr(39), '').replace(' or ', ', ')}, not {value!r}"
        case "finite_number":
            return f"must be zero or more and finite, not {value}"
        case "greater_than_equal":
            least = "zero or more and finite" if limits["ge"] == 0 else f"at least {limits['ge']:g}"
            return f"must be {least}, not {value}"
        case "greater_than":
            return f"must be above {limits['gt']:g}, not {value}"
        case "less_than_equal":
            return f"is at most {limits['le']:g}, not {value}"
        case "string_too_short":
            return "is not to be empty"
    return None
