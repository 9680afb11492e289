from typing import Any

import pytest

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.aggregator_settings import (
    MaxSettings,
    MeanMaxSettings,
    MeanSettings,
    PriorMeanSettings,
    SoftmaxSettings,
    SumSettings,
    WeightedMeanSettings,
)
from splagger.foundation.encoder_settings import (
    FeedForwardSettings,
    GRUSettings,
    LinearRecurrenceSettings,
    LSTMSettings,
    OverwritingTransformerSettings,
)
from splagger.foundation.errors import UserError
from splagger.foundation.policy_settings import (
    HypernetworkSettings,
    MultiNetworkSettings,
    PlainPolicySettings,
)
from splagger.recipes.agents import AGENTS, GROUPS, find_agent

GRU, NONE, MAX = GRUSettings(), FeedForwardSettings(), MaxSettings()
PLAIN = PlainPolicySettings()

# What the published experiment files set for each model, by its label.
MODELS: dict[str, dict[str, Any]] = {
    "SplAgger": {"encoder": GRU, "aggregator": MAX, "split": True},
    "SplAgger_noSplit": {"encoder": GRU, "aggregator": MAX, "split": False},
    "RNN_HN": {"encoder": GRU, "aggregator": None},
    "Max": {"encoder": NONE, "aggregator": MAX, "split": False},
    "SplAgger_noRNN": {"encoder": NONE, "aggregator": MAX, "split": False},
    "CNP": {"encoder": NONE, "aggregator": MeanSettings(), "split": False},
    "SplAgger_noRNN_avg": {"encoder": NONE, "aggregator": MeanSettings(), "split": False},
    "AMRL": {"encoder": GRU, "aggregator": MAX, "split": True, "straight_through": True},
    "Max_ST": {"encoder": NONE, "aggregator": MAX, "split": False, "straight_through": True},
    "AMRL_noRNN": {"encoder": NONE, "aggregator": MAX, "split": False, "straight_through": True},
    "SplAgger_avg": {"encoder": GRU, "aggregator": MeanSettings(), "split": True},
    "SplAgger_sum": {"encoder": GRU, "aggregator": SumSettings(), "split": True},
    "SplAgger_avgmax": {"encoder": GRU, "aggregator": MeanMaxSettings(), "split": True},
    "SplAgger_softmax": {
        "encoder": GRU,
        "aggregator": SoftmaxSettings(temperature=0.1),
        "split": True,
    },
    "SplAgger_wsoftmax": {
        "encoder": GRU,
        "aggregator": WeightedMeanSettings(temperature=0.1),
        "split": True,
        "encoder_output": 512,
    },
    "SplAgger_wavg": {
        "encoder": GRU,
        "aggregator": WeightedMeanSettings(),
        "split": True,
        "encoder_output": 512,
    },
    "wsoftmax_t1": {
        "encoder": NONE,
        "aggregator": WeightedMeanSettings(temperature=1.0),
        "encoder_output": 512,
    },
    "wsoftmax_tp1": {
        "encoder": NONE,
        "aggregator": WeightedMeanSettings(temperature=0.1),
        "encoder_output": 512,
    },
    "SOFTMAX_t1": {"encoder": NONE, "aggregator": SoftmaxSettings(temperature=1.0)},
    "SOFTMAX_tp1": {"encoder": NONE, "aggregator": SoftmaxSettings(temperature=0.1)},
    "SplAgger_learnHS": {"encoder": GRU, "aggregator": MAX, "learned_start": True},
    "SplAgger_mlowinit": {"encoder": GRU, "aggregator": MaxSettings("low")},
    "SplAgger_max_norm": {"aggregator": MaxSettings(normalised=True), "split": True},
    "max_norm": {"aggregator": MaxSettings(normalised=True), "split": False},
    "LSTM_InvInit": {"encoder": LSTMSettings(), "aggregator": None},
    "Transformer": {
        "encoder": OverwritingTransformerSettings(256, width=16, layers=2, heads=2),
        "aggregator": None,
    },
    "RNN_S": {"encoder": GRU, "aggregator": None, "policy": PLAIN},
    "RNN_2023": {"encoder": GRU, "policy": PlainPolicySettings(observe=False)},
    "RNN_HN_Kaiming": {
        "encoder": GRU,
        "policy": HypernetworkSettings(initialisation="kaiming", hyper_initialisation="none"),
    },
    "SplAgger_S": {"encoder": GRU, "aggregator": MAX, "split": True, "policy": PLAIN},
    "Multinet": {"encoder": GRU, "policy": MultiNetworkSettings()},
}


@pytest.mark.parametrize("label", MODELS)
def test_published_labels_name_the_published_models(label: str):
    settings = find_agent(label).settings
    expected = {
        "policy": HypernetworkSettings(),
        "straight_through": False,
        "learned_start": False,
        "encoder_output": 256,
        **MODELS[label],
    }
    assert {name: getattr(settings, name) for name in expected} == expected


def test_every_published_label_is_tested_above():
    others = {"RNN", "RNN+HN", "RNN+S", "Max-ST", "CNP+HN", "InvInit", "SplAgger_noFull"}
    # Those that infer the task have tests of their own, as oracles do but for this one.
    apart = {"inference", "task inference", "oracles"}
    labels = {
        label
        for group, entries in GROUPS.items()
        for entry in entries
        for label in entry.aliases
        if group not in apart or label == "Multinet"
    }
    assert labels - others == set(MODELS)


def test_ours_are_what_they_say():
    linear, mate, both = (
        find_agent(name).settings for name in ("splagger-linear", "mate", "splagger-mate")
    )
    assert linear == AgentSettings("splagger-linear", encoder=LinearRecurrenceSettings())
    assert (mate.encoder, mate.aggregator) == (NONE, PriorMeanSettings())
    assert (both.encoder, both.aggregator, both.split) == (GRU, PriorMeanSettings(), True)


def test_every_agent_has_the_papers_sizes():
    for name, entry in AGENTS.items():
        settings = entry.settings
        assert settings.encoder.size == 256
        assert settings.latent_size == 12
        embedding = settings.embedding
        assert (embedding.observation, embedding.action, embedding.reward) == (32, 8, 8)
        assert embedding.full_transitions == (name != "splagger-half-transitions")
        assert settings.policy.observation_embedding == 256
        assert settings.policy.latent_embedding == 25
        assert settings.policy.hidden_sizes == (256, 128)
        assert settings.policy.initial_standard_deviation == 1


def test_names_and_groups():
    assert all(find_agent(name).settings.name == name for name in AGENTS)
    assert sum(map(len, GROUPS.values())) == len(AGENTS)
    assert all(entry.description for entry in AGENTS.values())


def test_no_agent_is_a_copy_of_another():
    made_of = [str({**vars(entry.settings), "name": ""}) for entry in AGENTS.values()]
    twice = [name for name, text in zip(AGENTS, made_of, strict=True) if made_of.count(text) > 1]
    assert twice == []


def test_no_label_has_two_meanings():
    labels = [*AGENTS, *(label for entry in AGENTS.values() for label in entry.aliases)]
    assert len(set(labels)) == len(labels)
    for entry in AGENTS.values():
        assert all(find_agent(label) is entry for label in entry.aliases)


def test_the_figures_call_the_hypernetwork_rnn_plainly_rnn():
    assert find_agent("RNN") is find_agent("RNN_HN") is AGENTS["rnn"]


def test_unknown_agents_are_refused_with_the_nearest_names():
    with pytest.raises(UserError) as error:
        find_agent("splager")
    assert str(error.value).startswith("unknown agent 'splager': did you mean splagger or ")
