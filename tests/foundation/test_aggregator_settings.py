from typing import Any

import pytest
from support.plain_modules import plain

from splagger.foundation import aggregator_settings
from splagger.foundation.aggregator_settings import (
    MaxSettings,
    PriorMeanSettings,
    SoftmaxSettings,
    WeightedMeanSettings,
)
from splagger.foundation.errors import UserError

PLAIN = plain(aggregator_settings)
POSITIVE = "but it must be a finite number > 0."
AT_LEAST = "but it must be a finite number >= 0.04."


@pytest.mark.parametrize(
    ("make", "numbers", "sentence"),
    [
        (SoftmaxSettings, {"temperature": 0.0}, f"temperature is 0.0, {AT_LEAST}"),
        (WeightedMeanSettings, {"temperature": 0.03}, f"temperature is 0.03, {AT_LEAST}"),
        (PriorMeanSettings, {"prior_weight": 0.0}, f"prior_weight is 0.0, {POSITIVE}"),
        (
            WeightedMeanSettings,
            {"learn_temperature": True},
            "learn_temperature is true, but agent.aggregator.temperature is none: softplus "
            "weights have no temperature. Give one, such as 0.1.",
        ),
        (
            PLAIN.MaxSettings,
            {"start": "middle"},
            "start is 'middle', but it must be one of 'zero', 'low'.",
        ),
        (PLAIN.MaxSettings, {"normalised": 1}, "normalised is 1, but it must be true or false."),
    ],
)
def test_bad_values_are_refused(make: Any, numbers: dict[str, Any], sentence: str):
    with pytest.raises(UserError) as error:
        make(**numbers)
    assert str(error.value) == f"agent.aggregator.{sentence}"


def test_the_paper_starts_at_zero_with_fixed_temperatures():
    assert MaxSettings() == MaxSettings(start="zero", normalised=False)
    assert not SoftmaxSettings().learn_temperature
    assert WeightedMeanSettings().temperature is None
