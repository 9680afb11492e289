from typing import Any

import pytest

from splagger.foundation import encoder_settings
from splagger.foundation.encoder_settings import (
    CausalTransformerSettings,
    OverwritingTransformerSettings,
)
from splagger.foundation.errors import UserError

KINDS = (
    "GRUSettings",
    "LSTMSettings",
    "FeedForwardSettings",
    "LinearRecurrenceSettings",
    "OverwritingTransformerSettings",
    "CausalTransformerSettings",
)


@pytest.mark.parametrize("name", KINDS)
def test_every_encoder_needs_a_width(name: str):
    with pytest.raises(UserError) as error:
        getattr(encoder_settings, name)(size=0)
    assert str(error.value) == "agent.encoder.size is 0, but it must be a finite number >= 1."


def test_no_kind_has_two_meanings():
    kinds = [getattr(encoder_settings, name).kind for name in KINDS]
    assert len(set(kinds)) == len(KINDS)


@pytest.mark.parametrize("kind", [OverwritingTransformerSettings, CausalTransformerSettings])
@pytest.mark.parametrize("name", ["width", "layers", "heads"])
def test_transformers_need_tokens_blocks_and_heads(kind: Any, name: str):
    with pytest.raises(UserError) as error:
        kind(**{name: 0})
    assert str(error.value) == f"agent.encoder.{name} is 0, but it must be a finite number >= 1."


def test_heads_divide_the_width():
    with pytest.raises(UserError) as error:
        OverwritingTransformerSettings(width=16, heads=3)
    assert str(error.value) == (
        "agent.encoder.heads is 3, but agent.encoder.width is 16, which it must divide."
    )
    with pytest.raises(UserError) as error:
        CausalTransformerSettings(width=12, heads=4)
    assert str(error.value) == (
        "agent.encoder.width is 12, but with agent.encoder.heads 4 it must be a multiple of 8: "
        "rotary positions turn pairs of numbers in every head."
    )


def test_a_gate_bias_is_finite():
    with pytest.raises(UserError) as error:
        encoder_settings.LinearRecurrenceSettings(gate_bias=float("inf"))
    expected = "agent.encoder.gate_bias is inf, but it must be a finite number."
    assert str(error.value) == expected
