"""Agents, environments and learners that are small enough to compile and run in seconds."""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from splagger.agent import Agent, MemoryReset
from splagger.environments.environment import Environment, Step
from splagger.environments.spaces import Box
from splagger.environments.trial import Trial
from splagger.environments.trial_description import TrialDescription
from splagger.foundation.agent_settings import AgentSettings, EmbeddingSettings
from splagger.foundation.encoder_settings import GRUSettings
from splagger.foundation.normalisers import RewardNormaliser, RunningMoments
from splagger.foundation.policy_settings import HypernetworkSettings
from splagger.foundation.settings import ConventionSettings, LearningSettings, Settings
from splagger.learning.learner import Learner
from splagger.learning.rollout import start_collector
from splagger.learning.train_state import Hyperparameters, TrainState
from splagger.recipes.build import build_agent, build_hyperparameters, build_learner, build_trial

FORCED = "t-maze-long-noise:length=4,episodes=2"
"""Every trial takes 8 steps, so that all environments stay in step."""
UNEVEN = "t-maze-long-short:length=3,episodes=2,timeout=5"
"""A trial takes 6 to 12 steps: environments get out of step."""

AGENT = AgentSettings(
    embedding=EmbeddingSettings(observation=5, action=3, reward=2),
    encoder=GRUSettings(8),
    latent_size=3,
    policy=HypernetworkSettings(observation_embedding=6, latent_embedding=4, hidden_sizes=(8, 6)),
)
"""SplAgger, a few neurons wide."""


class Drift(Environment):
    """A point is pushed along a line, until it has gone too far or the time is over."""

    @property
    def observation_space(self):
        return Box(-jnp.inf, jnp.inf, (1,))

    @property
    def action_space(self):
        return Box(-jnp.inf, jnp.inf, (1,))

    @property
    def max_episode_steps(self) -> int:
        return 3

    def sample_task(self, key):
        return jax.random.normal(key)

    def reset(self, task, state, key):
        state = jax.random.normal(key)
        return state, state[None]

    def step(self, task, state, action, key):
        state = state + 0.5 * action[0] + 0.3 * jax.random.normal(key)
        reward = -jnp.abs(state - task)
        return state, Step(state[None], reward, terminated=jnp.abs(state) > 1.5)


def resetting(memory_reset: MemoryReset) -> ConventionSettings:
    """Our conventions, except for when the memory is reset."""
    # Only where trials start from the prior can it be trained.
    train_prior = memory_reset == "after-last-transition"
    return ConventionSettings(memory_reset=memory_reset, train_prior=train_prior)


def tiny_settings(
    environment: str = FORCED,
    conventions: ConventionSettings | None = None,
    *,
    learning: dict[str, Any] | None = None,
    **changes: Any,
) -> Settings:
    """Settings of a few neurons, environments and steps.

    **Arguments:**

    - `environment`: its name.
    - `conventions`: where the published system is peculiar; ours by default.
    - `learning`, `changes`: what differs from the tiny values.
    """
    values = {"environments": 3, "steps": 10, "epochs": 2, "minibatches": 2, "clip": 0.2}
    return Settings(
        environment=environment,
        agent=AGENT,
        learning=LearningSettings(**(values | (learning or {}))),
        conventions=conventions or ConventionSettings(),
        **changes,
    )


def tiny_learner(settings: Settings, trial: Trial | None = None) -> Learner:
    """The learner of one member, on the settings' own environment unless another is given."""
    return build_learner(settings, build_trial(settings) if trial is None else trial)


def numbers_of(settings: Settings, **changes: float) -> Hyperparameters:
    """The numbers of a single member, without member dimension."""
    numbers = jax.tree.map(lambda leaf: leaf[0], build_hyperparameters(settings))
    return replace(numbers, **{name: jnp.asarray(v, float) for name, v in changes.items()})


def tiny_state(settings: Settings, learner: Learner, seed: int = 0, **changes: float) -> TrainState:
    """The state of a member before training, its agent as `tiny_agent` makes it.

    **Arguments:**

    - `settings`, `learner`: what it is trained with.
    - `seed`: of the member.
    - `changes`: numbers that differ from the settings.
    """
    trial_key, key = jax.random.split(jax.random.key(seed))
    numbers = numbers_of(settings, **changes)
    # Only the shapes of the agent that the learner would draw: drawing takes seconds to compile.
    shapes = eqx.filter_eval_shape(learner.initialise, jnp.asarray(seed), numbers)
    zeros = jax.tree.map(
        lambda leaf: jnp.asarray(np.zeros(leaf.shape, leaf.dtype)), shapes.optimiser
    )
    agent = _with_arrays(shapes.agent, seed)
    return replace(
        shapes,
        agent=agent,
        optimiser=zeros,
        collector=_start(agent, learner.trial, learner.environments, trial_key),
        rewards=RewardNormaliser.create(learner.environments),
        hyperparameters=numbers,
        key=key,
        updates=jnp.zeros((), jnp.int32),
        failed_at=-jnp.ones((), jnp.int32),
    )


_start = eqx.filter_jit(start_collector)


def tiny_agent(
    trial: TrialDescription, conventions: ConventionSettings | None = None, seed: int = 0
) -> Agent:
    """An agent whose every parameter matters: none of its heads is zero. Nothing is compiled."""
    conventions = conventions or ConventionSettings()
    shapes = eqx.filter_eval_shape(build_agent, AGENT, conventions, trial, jax.random.key(0))
    return _with_arrays(shapes, seed)


def _with_arrays(shapes: Agent, seed: int) -> Agent:
    moments = RunningMoments.create(*shapes.observations.mean.shape)
    return shaken(eqx.tree_at(lambda a: a.observations, shapes, moments), seed)


def shaken(agent: Agent, seed: int) -> Agent:
    """The same agent with other parameters, as after many updates."""
    generator = np.random.default_rng(seed)

    def draw(leaf):
        return jnp.asarray(0.4 * generator.normal(size=leaf.shape).astype(leaf.dtype))

    return eqx.tree_at(lambda a: a.networks, agent, jax.tree.map(draw, agent.networks))


def same(first: Any, second: Any) -> bool:
    """Whether two pytrees are equal to the bit, random keys included; NaN equals itself."""
    if jax.tree.structure(first) != jax.tree.structure(second):
        return False
    pairs = zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    return all(np.array_equal(*map(_numbers, pair), equal_nan=True) for pair in pairs)


def farthest(first: Any, second: Any) -> float:
    """The largest difference of two pytrees' arrays, relative to each array's magnitude."""
    differences = [0.0]
    for pair in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        ours, theirs = (_numbers(leaf).astype(float) for leaf in pair)
        scale = np.max(np.abs(theirs), initial=0, where=np.isfinite(theirs)) or 1.0
        with np.errstate(invalid="ignore"):
            apart = np.where(ours == theirs, 0, np.abs(ours - theirs))
        differences.append(float(np.max(apart, initial=0) / scale))
    return max(differences)


def _numbers(leaf: Any) -> np.ndarray:
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    return np.asarray(leaf)
