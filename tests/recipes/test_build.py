"""What builders make of settings: sizes, parameter counts, conventions."""

import dataclasses
import math
from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest

from splagger.agent import Agent
from splagger.foundation.settings import LearningSettings, Settings
from splagger.learning.train_state import Optimisers
from splagger.policies.conditioned_network import ConditionedNetwork
from splagger.policies.network import PlainNetwork
from splagger.recipes.agents import AGENTS
from splagger.recipes.build import (
    AgentBuilder,
    build_agent,
    build_hyperparameters,
    build_learner,
    build_trial,
)
from splagger.recipes.recipes import settings_for
from splagger.sequence.feed_forward import FeedForward
from splagger.sequence.gru import GRU
from splagger.sequence.max import Max

MAZE = "t-maze-long-noise"


def shapes(agent: str, recipe: str = "paper") -> Agent:
    """An agent for the maze, with shapes in place of its arrays: nothing is computed."""
    settings = settings_for(MAZE, agent, recipe)
    builder = AgentBuilder(settings.agent, settings.conventions, build_trial(settings))
    return eqx.filter_eval_shape(builder, jax.random.key(0))


def parameters(tree: Any) -> int:
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(eqx.filter(tree, _is_array)))


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.ShapeDtypeStruct)


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("splagger", 265_976),
        ("splagger-no-split", 265_976),
        ("rnn", 265_976),
        ("rnn+s", 265_976),
        ("max", 27_128),
    ],
)
def test_sequence_models_have_as_many_parameters_as_published(agent: str, expected: int):
    model = shapes(agent).networks.sequence_model
    assert model.embedding.size == 80
    assert model.output.bias.shape == (24,)
    assert parameters(model) == expected
    # A one-hot action has three numbers more than its index, each with 8 weights.
    assert parameters(shapes(agent, "default").networks.sequence_model) == expected + 24


def test_policy_has_as_many_parameters_as_published():
    policy = shapes("splagger").networks.actor_critic
    assert policy.observation_embedding.weight.shape == (5, 256)
    assert policy.latent_embedding.embedding.weight.shape == (24, 25)
    assert policy.log_standard_deviation is None
    assert parameters(policy) == 5_150_707
    assert isinstance(policy.actor, ConditionedNetwork)
    assert isinstance(policy.critic, ConditionedNetwork)
    hidden = 256 * 256 + 256 + 256 * 128 + 128
    assert policy.actor.generated_weights == hidden + 128 * 4 + 4
    assert policy.critic.generated_weights == hidden + 128 + 1


@pytest.mark.parametrize(
    ("agent", "encoder", "aggregate"),
    [
        ("splagger", [256], [128]),
        ("splagger-no-split", [256], [256]),
        ("rnn", [256], []),
        ("max", [], [256]),
    ],
)
def test_memories_are_as_wide_as_published(agent: str, encoder: list[int], aggregate: list[int]):
    memory = eqx.filter_eval_shape(lambda agent: agent.initial_memory(), shapes(agent))
    assert [leaf.shape for leaf in jax.tree.leaves(memory.encoder)] == [(n,) for n in encoder]
    assert [leaf.shape for leaf in jax.tree.leaves(memory.aggregate)] == [(n,) for n in aggregate]
    assert memory.latent.shape == (24,)


@pytest.mark.parametrize("name", AGENTS)
def test_parts_are_those_of_the_settings(name: str):
    settings = AGENTS[name].settings
    networks = shapes(name).networks
    model = networks.sequence_model
    assert type(model.encoder) is {"gru": GRU, "feed-forward": FeedForward}[settings.encoder]
    if settings.aggregator == "none":
        assert model.aggregator is None
        assert model.passing == 256
    else:
        assert model.aggregator == Max("zero")
        assert model.passing == (128 if settings.split else 0)
    kind = {"hypernetwork": ConditionedNetwork, "plain": PlainNetwork}[settings.policy]
    assert type(networks.actor_critic.actor) is kind
    assert type(networks.actor_critic.critic) is kind


def test_low_start_reaches_the_aggregator():
    settings = settings_for(MAZE, "splagger", "small")
    low = dataclasses.replace(settings.agent, aggregate_start="low")
    builder = AgentBuilder(low, settings.conventions, build_trial(settings))
    agent = eqx.filter_eval_shape(builder, jax.random.key(0))
    assert agent.networks.sequence_model.aggregator == Max("low")


@pytest.mark.parametrize("recipe", ["default", "paper"])
def test_conventions_reach_the_agent(recipe: str):
    settings = settings_for(MAZE, "splagger", recipe)
    agent = shapes("splagger", recipe)
    assert agent.memory_reset == settings.conventions.memory_reset
    assert agent.train_prior == settings.conventions.train_prior
    one_hot = settings.conventions.action_encoding == "one-hot"
    assert agent.networks.sequence_model.embedding.actions == (4 if one_hot else None)


def small_settings(**conventions: Any) -> Settings:
    settings = settings_for(f"{MAZE}:length=5", "splagger")
    return dataclasses.replace(
        settings,
        agent=dataclasses.replace(
            settings.agent,
            encoder_size=4,
            policy_observation_embedding=3,
            policy_latent_embedding=2,
            policy_hidden_sizes=(64,),
        ),
        conventions=dataclasses.replace(settings.conventions, **conventions),
    )


def test_bound_of_the_critics_bias_reaches_the_critic():
    biases = []
    for bound in (None, 1.0, 0.0):
        settings = small_settings(critic_bias_bound=bound)
        trial = build_trial(settings)

        @jax.jit
        def draw(keys, settings=settings, trial=trial):
            def one(key):
                agent = build_agent(settings.agent, settings.conventions, trial, key)
                critic = agent.networks.actor_critic.critic
                assert isinstance(critic, ConditionedNetwork)
                return critic.layers[-1].bias_basis[-1, 0]

            return jax.lax.map(one, keys)

        biases.append(np.abs(draw(jax.random.split(jax.random.key(0), 100))).max())
    assert 0.95 * 64**-0.5 < biases[0] <= 64**-0.5
    assert 0.95 < biases[1] <= 1
    assert biases[2] == 0


@pytest.mark.parametrize(
    ("environment", "boundary", "expected"),
    [
        (MAZE, "published", "start"),
        (MAZE, "both", "both"),
        ("t-maze-latent", "terminal", "terminal"),
    ],
)
def test_boundary_of_the_settings_reaches_the_trial(environment: str, boundary: str, expected: str):
    settings = dataclasses.replace(small_settings(boundary=boundary), environment=environment)
    assert build_trial(settings).boundary == expected


def test_another_environment_keeps_the_boundary_of_the_settings():
    trial = build_trial(small_settings(boundary="terminal"), f"{MAZE}:length=7,episodes=3")
    assert trial.episodes == 3
    assert trial.boundary == "terminal"


def test_learner_has_the_numbers_of_the_settings():
    settings = dataclasses.replace(
        small_settings(
            time_limits="zero-advantage",
            restart_memory=True,
            reset_all_returns=True,
            early_statistics=True,
        ),
        learning=LearningSettings(
            environments=3,
            steps=10,
            epochs=5,
            minibatches=2,
            minibatch_kind="environments",
            reward_clip=7.0,
            policy_epsilon=1e-3,
            sequence_epsilon=1e-4,
        ),
    )
    learner = build_learner(settings, build_trial(settings))
    for name in ("environments", "steps", "epochs", "minibatches", "minibatch_kind", "reward_clip"):
        assert getattr(learner, name) == getattr(settings.learning, name), name
    for name in ("time_limits", "restart_memory", "reset_all_returns", "early_statistics"):
        assert getattr(learner, name) == getattr(settings.conventions, name), name
    assert learner.optimisers == Optimisers(policy_epsilon=1e-3, sequence_epsilon=1e-4)


def test_equal_settings_build_equal_learners():
    one, other = (build_learner(s, build_trial(s)) for s in (small_settings(), small_settings()))
    assert jax.tree.structure(one) == jax.tree.structure(other)
    assert hash(jax.tree.structure(one)) == hash(jax.tree.structure(other))
    different = small_settings(early_statistics=True)
    third = build_learner(different, build_trial(different))
    assert jax.tree.structure(one) != jax.tree.structure(third)


@pytest.mark.parametrize("annealed", [False, True])
def test_hyperparameters_of_every_member(annealed: bool):
    settings = dataclasses.replace(
        small_settings(),
        learning=LearningSettings(
            environments=2, steps=10, discount=0.9, anneal_learning_rate=annealed
        ),
        learning_rates=(1e-3, 1e-4),
        seeds=3,
        frames=105,
    )
    numbers = build_hyperparameters(settings)
    assert {leaf.shape for leaf in jax.tree.leaves(numbers)} == {(6,)}
    np.testing.assert_allclose(numbers.learning_rate, [1e-3] * 3 + [1e-4] * 3, rtol=1e-6)
    np.testing.assert_array_equal(numbers.annealing_updates, 5 if annealed else math.inf)
    for name in (
        "discount",
        "trace_decay",
        "clip",
        "entropy_weight",
        "value_weight",
        "maximum_gradient_norm",
    ):
        expected = getattr(settings.learning, name)
        np.testing.assert_allclose(getattr(numbers, name), expected, rtol=1e-6)
