"""What builders make of settings: sizes, parameter counts, conventions."""

import dataclasses
import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.agent import Agent
from splagger.foundation.encoder_settings import GRUSettings
from splagger.foundation.policy_settings import HypernetworkSettings
from splagger.foundation.settings import LearningSettings, Settings
from splagger.learning.optimisers import Optimisers
from splagger.policies.conditioned_network import ConditionedNetwork
from splagger.policies.multi_network import MultiNetwork
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
from splagger.sequence.aggregators.gaussian_product import GaussianProduct
from splagger.sequence.aggregators.max import Max
from splagger.sequence.aggregators.mean import Mean
from splagger.sequence.aggregators.mean_max import MeanMax
from splagger.sequence.aggregators.prior_mean import PriorMean
from splagger.sequence.aggregators.sums import Sum
from splagger.sequence.aggregators.weighted_mean import Softmax, WeightedMean
from splagger.sequence.embedding import Transition
from splagger.sequence.encoders.causal_transformer import CausalTransformer
from splagger.sequence.encoders.feed_forward import FeedForward
from splagger.sequence.encoders.gru import GRU
from splagger.sequence.encoders.linear_recurrence import LinearRecurrence
from splagger.sequence.encoders.lstm import LSTM
from splagger.sequence.encoders.overwriting_transformer import OverwritingTransformer

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
        ("cnp", 27_128),
        ("amrl", 265_976),
        ("gaussian-product", 265_976),
        ("lstm-invariant", 352_504),
        ("transformer", 14_888),
        # The record counts a temperature that nothing depends on.
        ("splagger-weighted-mean", 921_849 - 1),
    ],
)
def test_sequence_models_have_as_many_parameters_as_published(agent: str, expected: int):
    model = shapes(agent).networks.sequence_model
    assert model.embedding.size == 80
    assert model.output.size(0) == (24 if model.output.layers else 0)
    assert parameters(model) == expected
    # A one-hot action has three numbers more than its index, each with 8 weights.
    assert parameters(shapes(agent, "default").networks.sequence_model) == expected + 24


def test_policy_has_as_many_parameters_as_published():
    policy: Any = shapes("splagger").networks.actor_critic
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
        ("lstm-invariant", [256, 256], []),
        ("splagger-mean", [256], [128, 1]),
        ("splagger-mean-max", [256], [64, 64, 1]),
        ("splagger-softmax", [256], [128, 128]),
        ("splagger-weighted-mean", [512], [128, 128]),
        ("gaussian-product", [256], [12, 12]),
    ],
)
def test_memories_are_as_wide_as_published(agent: str, encoder: list[int], aggregate: list[int]):
    memory = eqx.filter_eval_shape(lambda agent: agent.initial_memory(), shapes(agent))
    assert [leaf.shape for leaf in jax.tree.leaves(memory.encoder)] == [(n,) for n in encoder]
    assert [leaf.shape for leaf in jax.tree.leaves(memory.aggregate)] == [(n,) for n in aggregate]
    assert memory.latent.shape == (24,)


ENCODERS = {
    "gru": GRU,
    "lstm": LSTM,
    "feed-forward": FeedForward,
    "linear": LinearRecurrence,
    "overwriting-transformer": OverwritingTransformer,
    "causal-transformer": CausalTransformer,
}
AGGREGATORS = {
    "max": Max,
    "sum": Sum,
    "mean": Mean,
    "mean-max": MeanMax,
    "weighted-mean": WeightedMean,
    "softmax": Softmax,
    "gaussian-product": GaussianProduct,
    "prior-mean": PriorMean,
}
NETWORKS = {
    "hypernetwork": ConditionedNetwork,
    "film": ConditionedNetwork,
    "plain": PlainNetwork,
    "multi-network": PlainNetwork,
}


@pytest.mark.parametrize("name", AGENTS)
def test_parts_are_those_of_the_settings(name: str):
    settings = AGENTS[name].settings
    networks = shapes(name).networks
    model = networks.sequence_model
    assert type(model.encoder) is ENCODERS[settings.encoder.kind]
    assert model.encoder.size == settings.encoder_output
    if settings.aggregator is None:
        assert model.aggregator is None
        assert model.passing == 256
    else:
        assert type(model.aggregator) is AGGREGATORS[settings.aggregator.kind]
        width = settings.split_width
        assert model.passing == (width // 2 if settings.split else 0)
        assert model.aggregated == width - model.passing
        straight_through = getattr(model.aggregator, "straight_through", False)
        assert straight_through == settings.straight_through
    assert (model.learned_start is not None) == settings.learned_start
    policy: Any = networks.actor_critic
    assert isinstance(policy, MultiNetwork) == (settings.policy.kind == "multi-network")
    for part in (policy.policies if isinstance(policy, MultiNetwork) else policy,):
        assert type(part.actor) is type(part.critic) is NETWORKS[settings.policy.kind]


@pytest.mark.parametrize("name", AGENTS)
def test_every_agent_acts_and_remembers(name: str):
    """Its shapes fit through a whole step of acting, and through a whole rollout."""
    settings = settings_for(MAZE, name, "small")
    trial = build_trial(settings)
    builder = AgentBuilder(settings.agent, settings.conventions, trial)

    def use(key):
        agent = builder(key)
        state, observation = trial.reset(key)
        memory = agent.initial_memory()
        action = agent.act(memory, observation, trial.task_information(state), key).action
        transition = Transition(observation, action, jnp.zeros(()), observation)
        new, _ = agent.observe(memory, transition, jnp.zeros((), bool), memory)
        before, after = (jax.tree.map(jnp.shape, part) for part in (memory, new))
        assert before == after
        sequence = jax.tree.map(
            lambda leaf: jnp.tile(leaf[None, None], (2, 3) + (1,) * leaf.ndim), transition
        )
        start = agent.initial_memory((3,))
        return agent.unroll(start, sequence, jnp.ones(3, bool), jnp.zeros((2, 3), bool))

    latents = eqx.filter_eval_shape(use, jax.random.key(0))
    assert latents.shape == (3, 3, 24)


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
            encoder=GRUSettings(4),
            policy=HypernetworkSettings(
                observation_embedding=3, latent_embedding=2, hidden_sizes=(64,)
            ),
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
                policy: Any = agent.networks.actor_critic
                return policy.critic.layers[-1].bias_basis[-1, 0]

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
