import pytest

from splagger.foundation.errors import UserError
from splagger.recipes.agents import AGENTS, find_agent

# encoder, aggregator, split, policy: of the paper's models, by their published labels.
MODELS = {
    "SplAgger": ("gru", "max", True, "hypernetwork"),
    "SplAgger_noSplit": ("gru", "max", False, "hypernetwork"),
    "RNN_HN": ("gru", "none", None, "hypernetwork"),
    "Max": ("feed-forward", "max", False, "hypernetwork"),
    "SplAgger_noRNN": ("feed-forward", "max", False, "hypernetwork"),
    "RNN_S": ("gru", "none", None, "plain"),
    "SplAgger_S": ("gru", "max", True, "plain"),
}


@pytest.mark.parametrize("label", MODELS)
def test_published_labels_name_the_published_models(label: str):
    encoder, aggregator, split, policy = MODELS[label]
    settings = find_agent(label).settings
    assert (settings.encoder, settings.aggregator) == (encoder, aggregator)
    assert split in (None, settings.split)  # without an aggregator a split means nothing
    assert settings.policy == policy


def test_every_agent_has_the_papers_sizes():
    for entry in AGENTS.values():
        settings = entry.settings
        assert settings.encoder_size == 256
        assert settings.latent_size == 12
        assert settings.observation_embedding == 32
        assert (settings.action_embedding, settings.reward_embedding) == (8, 8)
        assert settings.full_transitions
        assert settings.aggregate_start == "zero"
        assert settings.policy_observation_embedding == 256
        assert settings.policy_latent_embedding == 25
        assert settings.policy_hidden_sizes == (256, 128)
        assert settings.initial_standard_deviation == 1


def test_names():
    assert set(AGENTS) == {"splagger", "splagger-no-split", "rnn", "max", "rnn+s", "splagger+s"}
    assert all(find_agent(name).settings.name == name for name in AGENTS)


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
