from dataclasses import replace

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.encoder_settings import LSTMSettings
from splagger.foundation.policy_settings import (
    FilmSettings,
    HypernetworkSettings,
    PlainPolicySettings,
)
from splagger.recipes.agents import AGENTS
from splagger.recipes.ingredients import ingredients


def test_ingredients_follow_the_way_of_a_transition():
    assert ingredients(AgentSettings()) == "gru 256 > half through max > hypernetwork"
    everything = replace(
        AGENTS["amrl"].settings,
        encoder=LSTMSettings(8, invariant_initialisation=False),
        layers_before_encoder=(3, 4),
        layers_after_encoder=(6,),
        layers_after_aggregator=(5,),
        learned_start=True,
        policy=replace(AGENTS["amrl"].settings.policy, hyper_hidden_sizes=(7,)),
    )
    assert ingredients(everything) == (
        "layers 3, 4 > lstm 8 (invariant initialisation off) > layers 6 > half through max, "
        "straight-through > layers 5 > learned start > hypernetwork (hyper hidden sizes 7)"
    )


def test_what_a_policy_is_conditioned_on_is_named_unless_it_is_the_latent_alone():
    def of(policy):
        return ingredients(AgentSettings(policy=policy)).rpartition(" > ")[2]

    assert of(PlainPolicySettings(source="belief")) == "plain (source belief)"
    assert of(HypernetworkSettings(source="task")) == "hypernetwork (source task)"


def test_no_two_agents_have_the_same_ingredients():
    texts = [ingredients(entry.settings) for entry in AGENTS.values()]
    assert len(set(texts)) == len(texts)
