from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import pytest
from support.objectives import objective_settings, shrunk_elbo, shrunk_objective
from support.tiny import Drift, numbers_of, tiny_learner

from splagger.decoders.decoders import Decoders
from splagger.decoders.place_reward_decoder import PlaceRewardDecoder
from splagger.decoders.reward_decoder import RewardDecoder
from splagger.decoders.state_decoder import StateDecoder
from splagger.decoders.task_decoder import TaskDecoder, TaskIndexDecoder
from splagger.environments.trial import Trial
from splagger.foundation.errors import UserError
from splagger.foundation.objective_settings import (
    ElboSettings,
    ObjectiveSettings,
    RewardDecoderSettings,
    StateDecoderSettings,
    TaskDecoderSettings,
)
from splagger.foundation.settings import Settings
from splagger.learning.elbo import ElboRules
from splagger.policies.actor_critic import ActorCritic
from splagger.recipes.objectives import OBJECTIVES

MAZE = "t-maze-latent:length=3,episodes=2"
DRIFT = Trial(Drift(), 2)
"""Where a task is a number that nobody is told."""


def with_elbo(settings: Settings, **changes: Any) -> Settings:
    """The settings of an agent with another bound."""
    elbo = replace(shrunk_elbo(ElboSettings()), **changes)
    objective = replace(settings.agent.objective, elbo=elbo)
    return replace(settings, agent=replace(settings.agent, objective=objective))


def decoders_of(settings: Settings, trial: Trial | None = None) -> Decoders:
    """The shapes of an agent's decoders."""
    learner = tiny_learner(settings, trial)
    agent = eqx.filter_eval_shape(learner.build_agent, jax.random.key(0))
    assert agent.networks.decoders is not None
    return agent.networks.decoders


def kinds(decoders: Decoders) -> dict[str, type]:
    return {name: type(part) for name, part in vars(decoders).items() if part is not None}


def test_rewards_are_decoded_by_place_where_there_are_places():
    varibad = objective_settings("varibad")
    assert kinds(decoders_of(varibad)) == {"reward": PlaceRewardDecoder}
    plain = with_elbo(varibad, reward=RewardDecoderSettings((6,), per_place=False))
    assert kinds(decoders_of(plain)) == {"reward": RewardDecoder}
    assert kinds(decoders_of(objective_settings("varibad", MAZE))) == {"reward": RewardDecoder}


def test_every_part_of_a_bound_has_its_decoder():
    settings = with_elbo(
        objective_settings("ti++"),
        state=StateDecoderSettings((6,)),
        task=TaskDecoderSettings((6,), target="index"),
    )
    decoders = decoders_of(settings)
    assert kinds(decoders) == {
        "reward": PlaceRewardDecoder,
        "state": StateDecoder,
        "task": TaskIndexDecoder,
        "inference": TaskDecoder,
    }
    assert kinds(decoders_of(objective_settings("pearl"))) == {}
    assert kinds(decoders_of(objective_settings("ti-naive"))) == {
        "reward": PlaceRewardDecoder,
        "task": TaskDecoder,
    }


def test_decoders_see_a_sample_or_all_of_a_latent():
    inputs = {
        stochastic: decoders_of(with_elbo(objective_settings("varibad"), stochastic=stochastic))
        for stochastic in (True, False)
    }
    size = objective_settings("varibad").agent.latent_size

    def first_width(decoders: Decoders) -> int:
        return jax.tree.leaves(decoders.reward)[0].shape[0]

    assert first_width(inputs[True]) == size
    assert first_width(inputs[False]) == 2 * size


@pytest.mark.parametrize("name", ["ti", "bi++-hypernetwork"])
def test_inference_predicts_as_many_numbers_as_the_target_has(name: str):
    settings = objective_settings(name)
    learner = tiny_learner(settings)
    agent = eqx.filter_eval_shape(learner.build_agent, jax.random.key(0))
    policy, decoders = agent.networks.actor_critic, agent.networks.decoders
    assert isinstance(policy, ActorCritic)
    assert decoders is not None
    predicted = jax.tree.leaves(decoders.inference)[-1].shape[-1]
    width = settings.agent.policy.latent_embedding
    assert predicted == (width if name == "ti" else policy.generated_size)


# Objectives


def test_settings_become_rules():
    settings = with_elbo(
        objective_settings("varibad"),
        kl_target="prior",
        terms=4,
        decodes=5,
        resample=True,
        average_terms=True,
        average_decodes=True,
        stochastic=False,
    )
    built = tiny_learner(settings).objective
    elbo = built.elbo
    assert elbo is not None
    assert (elbo.capacity, elbo.trajectories, elbo.updates) == (20, 3, 2)
    assert (elbo.terms, elbo.decodes, elbo.resample, elbo.stochastic) == (4, 5, True, False)
    assert elbo.horizon == 8
    assert elbo.rules == ElboRules("expectation", "prior", average_terms=True, average_decodes=True)
    assert elbo.inference is None


@pytest.mark.parametrize("name", OBJECTIVES)
def test_what_is_built_of_every_objective(name: str):
    settings = objective_settings("rnn", objective=name)
    built = tiny_learner(settings).objective
    named = OBJECTIVES[name].settings
    assert built.policy_gradient == named.policy_gradient
    assert (built.elbo is None) == (named.elbo is None)
    assert not built.direct_inference
    assert (built.freeze_in_warm_up, built.reset_after_warm_up) == ((name == "ti",) * 2)
    target = None if built.elbo is None else built.elbo.inference
    assert target == {"ti": "task-code", "ti++": "task-code", "bi++": "base-network"}.get(name)
    # What changes between members costs no compilation: it is no part of the objective.
    numbers = numbers_of(settings)
    assert (numbers.elbo is None) == (named.elbo is None)
    assert (numbers.inference is None) == (target is None)
    if numbers.inference is not None:
        assert float(numbers.inference.warm_up_updates) == 2


def test_direct_inference_needs_no_bound():
    inference = OBJECTIVES["ti++"].settings.task_inference
    direct = shrunk_objective(ObjectiveSettings(task_inference=inference))
    settings = objective_settings("rnn")
    settings = replace(settings, agent=replace(settings.agent, objective=direct))
    learner = tiny_learner(settings)
    assert learner.objective.direct_inference
    assert learner.objective.elbo is None
    agent = eqx.filter_eval_shape(learner.build_agent, jax.random.key(0))
    assert agent.networks.decoders is None
    assert agent.told is not None
    numbers = numbers_of(settings).inference
    assert numbers is not None
    assert float(numbers.weight) == 1


def test_memories_are_rebuilt_where_trials_are_remembered_as_published():
    for name, recipe, expected in (
        ("varibad", "paper", (False, True)),
        ("pearl", "paper", (False, True)),
        ("rnn", "paper", (True, False)),
        ("varibad", "default", (False, False)),
        ("rnn", "default", (False, False)),
    ):
        learner = tiny_learner(objective_settings(name, recipe=recipe))
        assert (learner.restart_memory, learner.rebuild_memory) == expected


def test_the_scale_of_the_bound_is_that_of_the_recipe():
    for recipe, scale, replays in (
        ("paper", "published", False),
        ("default", "expectation", True),
        ("small", "expectation", True),
    ):
        learner = tiny_learner(objective_settings("pearl", recipe=recipe))
        assert learner.objective.elbo is not None
        assert learner.objective.elbo.rules.scale == scale
        assert learner.replay_latent_noise == replays


# What an environment does not give


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        ("ti-naive", "elbo.task is given, but the environment gives no task vector"),
        ("ti", "task_inference is given, but the environment gives no task vector"),
        ("bi++-hypernetwork", "task_inference is given, but the environment gives no task vector"),
        ("multi-task", "policy.source is 'task', but the environment gives no task vector"),
        ("belief-oracle", "policy.source is 'belief', but the environment gives no exact belief"),
        ("multi-network", "the environment's tasks is none"),
    ],
)
def test_what_an_environment_does_not_give_is_named(agent: str, message: str):
    learner = tiny_learner(objective_settings(agent), DRIFT)
    with pytest.raises(UserError, match=message):
        eqx.filter_eval_shape(learner.build_agent, jax.random.key(0))


def test_an_index_needs_tasks_that_are_finite():
    settings = with_elbo(
        objective_settings("varibad"), task=TaskDecoderSettings((6,), target="index")
    )
    decoders_of(settings)
    with pytest.raises(UserError, match="target is index, but the environment's tasks are not"):
        decoders_of(settings, DRIFT)
