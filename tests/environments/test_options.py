import math
from typing import Any, Literal

import hypothesis
import pytest
from hypothesis import strategies

from splagger.environments.options import read_value, split_options, with_option, write_value
from splagger.foundation.errors import UserError


def test_split():
    assert split_options("", "maze") == {}
    assert split_options("length=20, episodes = 8", "maze") == {"length": "20", "episodes": "8"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("maze", "maze:noise=0.5"),
        ("maze:length=3", "maze:length=3,noise=0.5"),
        ("maze:noisy=true", "maze:noisy=true,noise=0.5"),
        # What the user wrote goes first, and what cannot be read is kept for whoever reads it.
        ("maze:length=3, noise = 1", "maze:length=3, noise = 1"),
        ("maze:length", "maze:length,noise=0.5"),
        ("maze:length=3,", "maze:length=3,,noise=0.5"),
    ],
)
def test_an_option_is_added_unless_it_is_there(text, expected):
    assert with_option(text, "noise", "0.5") == expected


@pytest.mark.parametrize("text", ["length", "=3", "length=", "length=3,", ","])
def test_split_rejects_what_is_no_pair(text):
    with pytest.raises(UserError, match=r"of environment 'maze' must have the form option=value"):
        split_options(text, "maze")


def test_split_rejects_an_option_given_twice():
    with pytest.raises(UserError, match="option 'length' of environment 'maze' is given twice"):
        split_options("length=3,length=4", "maze")


@pytest.mark.parametrize(
    ("text", "expected", "value"),
    [
        ("20", int, 20),
        ("-3", int, -3),
        ("0.5", float, 0.5),
        ("2", float, 2.0),
        ("1e-3", float, 0.001),
        ("true", bool, True),
        ("False", bool, False),
        ("none", int | None, None),
        ("7", int | None, 7),
        ("7", int | str, 7),
        ("seven", str | int, "seven"),
        ("wave", Literal["raw", "wave"], "wave"),
        ("2", Literal[1, 2], 2),
        ("text", str, "text"),
        ("3", Any, 3),
        ("true", Any, True),
        ("0.5", Any, 0.5),
        ("text", Any, "text"),
    ],
)
def test_read(text, expected, value):
    result = read_value(text, expected, "option", "maze")
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("text", "expected", "valid"),
    [
        ("abc", int, "an integer"),
        ("2.5", int, "an integer"),
        ("abc", float, "a number"),
        ("nan", float, "a number"),
        ("inf", float, "a number"),
        ("1", bool, "true or false"),
        ("x", int | None, "an integer or none"),
        ("up", Literal["raw", "wave"], "raw or wave"),
    ],
)
def test_read_rejects(text, expected, valid):
    with pytest.raises(UserError) as error:
        read_value(text, expected, "size", "maze")
    assert str(error.value) == f"option 'size' of environment 'maze' must be {valid}, not '{text}'."


@hypothesis.given(
    strategies.one_of(
        strategies.integers(),
        strategies.booleans(),
        strategies.none(),
        strategies.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_what_is_written_is_read_back(value):
    result = read_value(write_value(value), type(value), "option", "maze")
    assert result == value or math.isclose(result, value, rel_tol=0)
    assert type(result) is type(value)
