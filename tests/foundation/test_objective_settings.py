from dataclasses import replace
from json import dumps, loads

import pytest

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.errors import UserError
from splagger.foundation.objective_settings import (
    ElboSettings,
    ObjectiveSettings,
    RewardDecoderSettings,
    StateDecoderSettings,
    TaskDecoderSettings,
    TaskInferenceSettings,
)
from splagger.foundation.policy_settings import (
    FilmSettings,
    HypernetworkSettings,
    MultiNetworkSettings,
    PlainPolicySettings,
)
from splagger.foundation.settings import LearningSettings, Settings, from_dictionary, to_dictionary
from splagger.recipes.objectives import OBJECTIVES

EVERYTHING = ObjectiveSettings(
    policy_gradient=False,
    elbo=ElboSettings(
        reward=RewardDecoderSettings((4,), 0.5, per_place=False),
        state=StateDecoderSettings((), 2.0),
        task=TaskDecoderSettings((3, 2), target="index"),
        kl_target="prior",
        terms=3,
        decodes=2,
    ),
    task_inference=TaskInferenceSettings("base-network", (5,), warm_up_updates=7),
)


def settings_with(objective: ObjectiveSettings, updates: int = 100) -> Settings:
    """A run of so many updates of an agent with that objective."""
    return Settings(
        environment="grid-navigation",
        agent=AgentSettings(objective=objective),
        learning=LearningSettings(environments=2, steps=4),
        frames=8 * updates,
    )


@pytest.mark.parametrize(
    "objective",
    [*(named.settings for named in OBJECTIVES.values()), EVERYTHING],
    ids=[*OBJECTIVES, "everything"],
)
def test_settings_come_back_from_json(objective: ObjectiveSettings):
    settings = settings_with(objective)
    text = dumps(to_dictionary(settings))
    again = from_dictionary(loads(text))
    assert again == settings
    assert again.agent.objective == objective
    # A hash that is the same finds compiled programs again.
    assert hash(again) == hash(settings)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ({"elbo": {}}, {}, "lack the entry 'agent.objective.elbo.reward'"),
        ({"elbo": 3}, {}, "'agent.objective.elbo' is 3, but it must be a table"),
        ({}, {"surprise": 1}, "an entry 'agent.objective.surprise' that this version does not"),
    ],
)
def test_json_that_is_no_objective_is_refused(part: dict, value: dict, message: str):
    values = to_dictionary(settings_with(ObjectiveSettings()))
    values["agent"]["objective"] |= part | value
    with pytest.raises(UserError, match=message):
        from_dictionary(values)


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        (ElboSettings, {"kl_weight": -1.0}, "agent.objective.elbo.kl_weight"),
        (ElboSettings, {"weight": -0.1}, "agent.objective.elbo.weight"),
        (ElboSettings, {"learning_rate": 0.0}, "agent.objective.elbo.learning_rate"),
        (ElboSettings, {"updates": 0}, "agent.objective.elbo.updates"),
        (ElboSettings, {"trajectories": 0}, "agent.objective.elbo.trajectories"),
        (ElboSettings, {"buffer": 0}, "agent.objective.elbo.buffer"),
        (ElboSettings, {"terms": 0}, "agent.objective.elbo.terms"),
        (ElboSettings, {"decodes": 0}, "agent.objective.elbo.decodes"),
        (ElboSettings, {"kl_target": "posterior"}, "agent.objective.elbo.kl_target"),
        (ElboSettings, {"reward": TaskDecoderSettings()}, "agent.objective.elbo.reward"),
        (ElboSettings, {"buffer": 24}, "trajectories is 25, but only .*buffer, 24, are"),
        (RewardDecoderSettings, {"hidden_sizes": (3, 0)}, "elbo.reward.hidden_sizes"),
        (StateDecoderSettings, {"weight": -1.0}, "elbo.state.weight"),
        (TaskDecoderSettings, {"target": "name"}, "elbo.task.target"),
        (TaskInferenceSettings, {"target": "task"}, "task_inference.target"),
        (TaskInferenceSettings, {"hidden_sizes": (0,)}, "task_inference.hidden_sizes"),
        (TaskInferenceSettings, {"weight": -1.0}, "task_inference.weight"),
        (TaskInferenceSettings, {"warm_up_updates": -1}, "task_inference.warm_up_updates"),
        (TaskInferenceSettings, {"warm_up_fraction": 1.5}, "task_inference.warm_up_fraction"),
        (ObjectiveSettings, {"policy_gradient": 1}, "agent.objective.policy_gradient"),
        (ObjectiveSettings, {"elbo": True}, "agent.objective.elbo"),
    ],
)
def test_values_that_do_not_fit_are_named(kind: type, changes: dict, message: str):
    settings = kind()
    for name, value in changes.items():
        # The tests check types in a constructor; users have no such help.
        object.__setattr__(settings, name, value)
    with pytest.raises(UserError, match=message) as error:
        settings.__post_init__()
    assert "\n" not in str(error.value)


# What goes together


def test_something_must_train_the_sequence_model():
    with pytest.raises(UserError, match="nothing would train it"):
        AgentSettings(objective=ObjectiveSettings(policy_gradient=False))
    with pytest.raises(UserError, match="nothing would train it"):
        AgentSettings(
            policy=MultiNetworkSettings(), objective=ObjectiveSettings(policy_gradient=False)
        )
    with pytest.raises(UserError, match="nothing trains the sequence model"):
        ObjectiveSettings(policy_gradient=False, task_inference=TaskInferenceSettings())
    # An oracle does not need it.
    for source in ("task", "belief"):
        AgentSettings(
            policy=HypernetworkSettings(source=source),
            objective=ObjectiveSettings(policy_gradient=False),
        )


@pytest.mark.parametrize(
    "policy",
    [
        HypernetworkSettings(source="task"),
        PlainPolicySettings(source="belief"),
        MultiNetworkSettings(),
    ],
)
def test_an_oracle_infers_no_task(policy):
    with pytest.raises(UserError, match="told the task anyway"):
        AgentSettings(policy=policy, objective=OBJECTIVES["ti++"].settings)


@pytest.mark.parametrize("policy", [PlainPolicySettings(), FilmSettings()])
def test_a_base_network_is_generated_by_a_hypernetwork(policy):
    with pytest.raises(UserError, match=f"agent.policy is {policy.kind}, which generates no"):
        AgentSettings(policy=policy, objective=OBJECTIVES["bi++"].settings)
    AgentSettings(policy=HypernetworkSettings(), objective=OBJECTIVES["bi++"].settings)


def test_what_the_policy_trains_is_not_frozen():
    with pytest.raises(UserError, match="freeze_in_warm_up is true, but .*policy_gradient is"):
        ObjectiveSettings(task_inference=TaskInferenceSettings(freeze_in_warm_up=True))


def test_a_base_network_is_inferred_with_a_bound():
    with pytest.raises(UserError, match="end to end only task-code can be inferred"):
        ObjectiveSettings(task_inference=TaskInferenceSettings("base-network"))


# The warm-up


def with_warm_up(updates: int, **changes) -> Settings:
    inference = TaskInferenceSettings(**changes)
    return settings_with(replace(OBJECTIVES["ti++"].settings, task_inference=inference), updates)


def test_a_warm_up_is_a_number_or_a_part_of_the_run():
    assert with_warm_up(100).warm_up_updates == 10
    assert with_warm_up(100, warm_up_fraction=0.25).warm_up_updates == 25
    assert with_warm_up(100, warm_up_updates=0).warm_up_updates == 0
    assert with_warm_up(100, warm_up_updates=99).warm_up_updates == 99
    # A short run leaves it too, and agents without inference have none.
    assert with_warm_up(3).warm_up_updates == 0
    assert settings_with(OBJECTIVES["varibad"].settings).warm_up_updates == 0


@pytest.mark.parametrize("updates", [100, 563])
def test_a_run_must_leave_the_warm_up(updates: int):
    with pytest.raises(UserError, match=f"is {updates}, but the whole run has only 100"):
        with_warm_up(100, warm_up_updates=updates)
