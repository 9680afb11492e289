import math

import pytest

from splagger.reporting.animation.numbers import number_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (4.0, "+4"),
        (-3.0, "−3"),
        (0.1 * 57, "+5.7"),
        (-12.345, "−12.35"),
        (0.00421, "+0.0042"),
        (-1e-7, "−1e-07"),
        (1234.5, "+1,234"),
        (20, "+20"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "not a number"),
    ],
)
def test_numbers_are_short(value, text: str):
    assert number_text(value) == text
    assert number_text(value, signed=False) == text.removeprefix("+")
