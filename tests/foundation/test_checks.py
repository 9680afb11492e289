import math

import pytest

from splagger.foundation.checks import (
    check_at_least,
    check_choice,
    check_fraction,
    check_positive,
)
from splagger.foundation.errors import UserError

NOT_FINITE = [math.nan, math.inf, -math.inf]


def message(function, *arguments) -> str:
    with pytest.raises(UserError) as error:
        function(*arguments)
    return str(error.value)


@pytest.mark.parametrize("value", [-1, 0.999, *NOT_FINITE])
def test_at_least(value: float | int):
    for allowed in (1, 1.0, 7, 1e300):
        check_at_least("size", allowed, 1)
    expected = f"size is {value}, but it must be a finite number >= 1."
    assert message(check_at_least, "size", value, 1) == expected


@pytest.mark.parametrize("value", [0, -0.0, -1e-300, *NOT_FINITE])
def test_positive(value: float | int):
    for allowed in (1e-300, 1, 2.5):
        check_positive("rate", allowed)
    expected = f"rate is {value}, but it must be a finite number > 0."
    assert message(check_positive, "rate", value) == expected


@pytest.mark.parametrize("value", [-1e-9, 1.000001, 2, *NOT_FINITE])
def test_fraction(value: float | int):
    for allowed in (0, 0.5, 1):
        check_fraction("discount", allowed)
    expected = f"discount is {value}, but it must be a number from 0 to 1."
    assert message(check_fraction, "discount", value) == expected


@pytest.mark.parametrize("value", ["c", None, 1, ["a"]])
def test_choice(value: object):
    check_choice("kind", "a", ("a", "b"))
    expected = f"kind is {value!r}, but it must be one of 'a', 'b'."
    assert message(check_choice, "kind", value, ("a", "b")) == expected
