"""Agents as composed values: what is refused and with which sentence."""

from dataclasses import replace
from typing import Any

import pytest

from splagger.foundation.agent_settings import AgentSettings, EmbeddingSettings
from splagger.foundation.aggregator_settings import (
    GaussianProductSettings,
    MeanMaxSettings,
    PriorMeanSettings,
    SumSettings,
    WeightedMeanSettings,
)
from splagger.foundation.encoder_settings import (
    CausalTransformerSettings,
    FeedForwardSettings,
    GRUSettings,
    OverwritingTransformerSettings,
)
from splagger.foundation.errors import UserError

AT_LEAST_1 = "but it must be a finite number >= 1."

IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    (
        {"aggregator": None},
        "agent.split is true, but agent.aggregator is none: nothing can be split off. Set "
        "agent.split to false, or choose an aggregator such as max.",
    ),
    (
        {"aggregator": None, "split": False, "straight_through": True},
        "agent.straight_through is true, but agent.aggregator is none, which has no maximum or "
        "division to pass gradients through: set agent.straight_through to false, or choose an "
        "aggregator such as max or mean.",
    ),
    (
        {"aggregator": SumSettings(), "straight_through": True},
        "agent.straight_through is true, but agent.aggregator is sum, which has no maximum or "
        "division to pass gradients through: set agent.straight_through to false, or choose an "
        "aggregator such as max or mean.",
    ),
    (
        {"aggregator": GaussianProductSettings()},
        "agent.split is true, but agent.aggregator is gaussian-product, whose means and "
        "precisions are the latent itself: set agent.split to false, or choose an aggregator "
        "such as max.",
    ),
    (
        {
            "aggregator": GaussianProductSettings(),
            "split": False,
            "layers_after_aggregator": (8,),
        },
        "agent.layers_after_aggregator is (8,), but agent.aggregator is gaussian-product, whose "
        "output is the latent itself: use agent.layers_after_encoder.",
    ),
    (
        {"encoder": GRUSettings(7)},
        "agent.encoder.size makes a width of 7, but agent.split is true, which cuts it into two "
        "halves: use an even width, or set agent.split to false.",
    ),
    (
        {"layers_after_encoder": (8, 5)},
        "agent.layers_after_encoder makes a width of 5, but agent.split is true, which cuts it "
        "into two halves: use an even width, or set agent.split to false.",
    ),
    (
        {"encoder": GRUSettings(6), "aggregator": MeanMaxSettings()},
        "agent.encoder.size makes a width of 3 for the aggregator, but agent.aggregator is "
        "mean-max, which cuts it into two halves: use a multiple of 4.",
    ),
    (
        {"encoder": GRUSettings(3), "aggregator": MeanMaxSettings(), "split": False},
        "agent.encoder.size makes a width of 3 for the aggregator, but agent.aggregator is "
        "mean-max, which cuts it into two halves: use a multiple of 2.",
    ),
    (
        {"encoder": GRUSettings(3), "aggregator": WeightedMeanSettings()},
        "agent.encoder.size makes a width of 3 for the aggregator, but agent.aggregator is "
        "weighted-mean, which cuts it into two halves: use a multiple of 2.",
    ),
    *(
        (
            {"encoder": encoder, "learned_start": True},
            f"agent.learned_start is true, but agent.encoder is {encoder.kind}, whose memory "
            "starts empty: set agent.learned_start to false, or choose a recurrent encoder such "
            "as gru.",
        )
        for encoder in (OverwritingTransformerSettings(), CausalTransformerSettings())
    ),
    (
        {"aggregator": PriorMeanSettings(), "learned_start": True},
        "agent.learned_start is true, but agent.aggregator is prior-mean, which learns its start "
        "anyway: set agent.learned_start to false.",
    ),
    (
        {
            "encoder": FeedForwardSettings(),
            "aggregator": None,
            "split": False,
            "learned_start": True,
        },
        "agent.learned_start is true, but neither agent.encoder (feed-forward) nor "
        "agent.aggregator (none) has a state that starts anywhere: set agent.learned_start to "
        "false, or choose an encoder such as gru.",
    ),
    ({"latent_size": 0}, f"agent.latent_size is 0, {AT_LEAST_1}"),
    *(
        ({name: (8, 0)}, f"agent.{name} is 0, {AT_LEAST_1}")
        for name in ("layers_before_encoder", "layers_after_encoder", "layers_after_aggregator")
    ),
]


@pytest.mark.parametrize(("parts", "sentence"), IMPOSSIBLE)
def test_impossible_agents_are_refused(parts: dict[str, Any], sentence: str):
    with pytest.raises(UserError) as error:
        AgentSettings(**parts)
    assert str(error.value) == sentence


@pytest.mark.parametrize("name", ["observation", "reward"])
def test_embeddings_need_a_width(name: str):
    with pytest.raises(UserError) as error:
        EmbeddingSettings(**dict[str, Any]([(name, 0)]))
    assert str(error.value) == f"agent.embedding.{name} is 0, {AT_LEAST_1}"


def test_actions_may_be_left_out_but_not_less():
    assert EmbeddingSettings(action=0).action == 0
    with pytest.raises(UserError, match=r"agent\.embedding\.action is -1"):
        EmbeddingSettings(action=-1)


def test_smallest_agents_are_accepted():
    whole = AgentSettings(encoder=GRUSettings(1), split=False)
    replace(whole, aggregator=None)
    replace(whole, aggregator=WeightedMeanSettings())
    AgentSettings(encoder=GRUSettings(2), aggregator=WeightedMeanSettings())
    replace(whole, aggregator=GaussianProductSettings(), layers_after_encoder=(3,))


@pytest.mark.parametrize(
    ("parts", "output", "width"),
    [
        ({}, 8, 8),
        ({"layers_after_encoder": (4, 6)}, 8, 6),
        ({"aggregator": WeightedMeanSettings()}, 16, 16),
        ({"aggregator": WeightedMeanSettings(), "layers_after_encoder": (4, 6)}, 8, 12),
        ({"aggregator": GaussianProductSettings(), "split": False}, 8, 6),
    ],
)
def test_widths(parts: dict[str, Any], output: int, width: int):
    agent = AgentSettings(encoder=GRUSettings(8), latent_size=3, **parts)
    assert (agent.encoder_output, agent.split_width) == (output, width)
