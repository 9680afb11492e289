from dataclasses import replace

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.encoder_settings import GRUSettings, LSTMSettings
from splagger.foundation.objective_settings import (
    ElboSettings,
    ObjectiveSettings,
    RewardDecoderSettings,
    StateDecoderSettings,
    TaskInferenceSettings,
)
from splagger.foundation.policy_settings import (
    HypernetworkSettings,
    PlainPolicySettings,
)
from splagger.recipes.agents import AGENTS
from splagger.recipes.ingredients import ingredients
from splagger.recipes.objectives import OBJECTIVES, with_objective


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


def learns_from(objective: ObjectiveSettings) -> str:
    plain = ingredients(AgentSettings())
    text = ingredients(AgentSettings(objective=objective))
    assert text.startswith(plain)
    return text.removeprefix(plain)


def test_what_it_learns_from_is_named_unless_it_is_the_policys_losses_alone():
    reward, state = RewardDecoderSettings(per_place=False), StateDecoderSettings()
    both = ElboSettings(reward=reward, state=state)
    assert learns_from(ObjectiveSettings()) == ""
    assert learns_from(ObjectiveSettings(False, both)) == (
        "; varibad bound: reward of transitions and state"
    )
    assert learns_from(ObjectiveSettings(task_inference=TaskInferenceSettings())) == (
        "; end to end, infers task-code after a warm-up"
    )


def test_named_objectives_in_words():
    agent = AgentSettings(
        encoder=GRUSettings(8), aggregator=None, split=False, policy=HypernetworkSettings()
    )
    texts = {name: ingredients(with_objective(agent, name)) for name in OBJECTIVES}
    way = "gru 8 > hypernetwork"
    bound = f"{way}; varibad bound: reward"
    assert texts == {
        "end-to-end": way,
        "pearl": "gru 8 > sample > hypernetwork; end to end, divergence",
        "varibad": bound,
        "ti-naive": f"{bound} and task vector",
        "ti": f"{bound}, infers task-code after a warm-up, frozen in it, then a new policy",
        "ti++": f"{bound}, infers task-code after a warm-up",
        "bi++": f"{bound}, infers base-network after a warm-up",
    }


def test_oracles_learn_nothing_that_is_worth_a_word():
    assert ingredients(AGENTS["multi-task"].settings) == "gru 256 > hypernetwork (source task)"


def test_no_two_agents_have_the_same_ingredients():
    texts = [ingredients(entry.settings) for entry in AGENTS.values()]
    assert len(set(texts)) == len(texts)
