"""Agents with objectives that are small enough to compile and run in seconds."""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool
from support.tiny import numbers_of, tiny_learner

from splagger.agent import Agent
from splagger.environments.environment import Environment
from splagger.environments.trial import Trial
from splagger.foundation.agent_settings import AgentSettings, EmbeddingSettings
from splagger.foundation.aggregator_settings import GaussianProductSettings
from splagger.foundation.normalisers import RewardNormaliser, RunningMoments
from splagger.foundation.objective_settings import ElboSettings, ObjectiveSettings
from splagger.foundation.settings import Settings
from splagger.learning.learner import Learner
from splagger.learning.rollout import start_collector
from splagger.learning.train_state import TrainState
from splagger.recipes.recipes import settings_for

GRID = "grid-navigation:steps=4,episodes=2"
"""Every trial takes 8 steps. It gives task vectors, indices and beliefs, and has places."""

LEARNING = {
    "environments": 3,
    "steps": 9,
    "epochs": 2,
    "minibatches": 3,
    "minibatch_kind": "environments",
    "clip": 0.2,
}
"""One trial ends in every environment in the first rollout."""

UPDATES = 4
"""How many updates the tiny settings make, of which two are warm-up where there is one."""

update = eqx.filter_jit(Learner.update)
"""One update, compiled."""


def shrunk(agent: AgentSettings) -> AgentSettings:
    """The same agent, a few neurons wide."""
    policy = replace(agent.policy, observation_embedding=6, latent_embedding=4, hidden_sizes=(8, 6))
    gaussian = isinstance(agent.aggregator, GaussianProductSettings)
    return replace(
        agent,
        encoder=replace(agent.encoder, size=8),
        embedding=EmbeddingSettings(5, 3, 2, agent.embedding.full_transitions),
        layers_before_encoder=tuple(6 for _ in agent.layers_before_encoder),
        layers_after_encoder=() if gaussian else tuple(8 for _ in agent.layers_after_encoder),
        layers_after_aggregator=tuple(6 for _ in agent.layers_after_aggregator),
        latent_size=3,
        policy=policy,
        objective=shrunk_objective(agent.objective),
    )


def shrunk_objective(objective: ObjectiveSettings) -> ObjectiveSettings:
    """The same objective with small decoders, few remembered trials and a short warm-up."""
    elbo, inference = objective.elbo, objective.task_inference
    if elbo is not None:
        elbo = shrunk_elbo(elbo)
    if inference is not None:
        inference = replace(inference, hidden_sizes=(6,), warm_up_updates=2)
    return replace(objective, elbo=elbo, task_inference=inference)


def shrunk_elbo(elbo: ElboSettings) -> ElboSettings:
    """The same bound on few trials, with small decoders."""
    parts = {
        name: None if part is None else replace(part, hidden_sizes=(6,))
        for name, part in (("reward", elbo.reward), ("state", elbo.state), ("task", elbo.task))
    }
    return replace(
        elbo,
        **parts,
        buffer=20,
        trajectories=3,
        updates=2,
        terms=None,
        decodes=None,
        resample=False,
    )


def objective_settings(
    agent: str | AgentSettings,
    environment: str = GRID,
    *,
    recipe: str = "small",
    objective: str | None = None,
    learning: dict[str, Any] | None = None,
    **changes: Any,
) -> Settings:
    """Settings of an agent of few neurons in few environments.

    **Arguments:**

    - `agent`: its name, or what it is made of.
    - `environment`: its name.
    - `recipe`, `objective`: as for `settings_for`.
    - `learning`, `changes`: what differs from the tiny values.
    """
    if isinstance(agent, AgentSettings):
        agent = shrunk(agent)
    settings = settings_for(environment, agent, recipe, objective=objective)
    values = LEARNING | (learning or {})
    frames = UPDATES * values["environments"] * values["steps"]
    changes = {"frames": frames, "seeds": 1, **changes}
    return replace(
        settings,
        agent=shrunk(settings.agent),
        learning=replace(settings.learning, **values),
        **changes,
    )


def started(settings: Settings, trial: Trial | None = None, seed: int = 0) -> TrainState:
    """A member before training, whose every parameter and statistic is arbitrary.

    All but the first trials is made without compiling anything: drawing an agent takes seconds.
    """
    learner, numbers = tiny_learner(settings, trial), numbers_of(settings)
    shapes = eqx.filter_eval_shape(learner.initialise, jnp.asarray(seed), numbers)

    def zeros(tree: Any) -> Any:
        return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), tree)

    agent = arbitrary(shapes.agent, seed)
    if agent.told is not None:
        agent = replace(agent, told=jnp.asarray(settings.warm_up_updates > 0))
    second = shapes.second_policy
    trial_key, key = jax.random.split(jax.random.key(seed))
    return replace(
        shapes,
        agent=agent,
        optimiser=zeros(shapes.optimiser),
        trajectories=zeros(shapes.trajectories),
        second_policy=None if second is None else drawn(second, seed + 1000),
        collector=start(agent, learner.trial, learner.environments, trial_key),
        rewards=RewardNormaliser.create(learner.environments),
        hyperparameters=numbers,
        key=key,
        updates=jnp.zeros((), jnp.int32),
        failed_at=-jnp.ones((), jnp.int32),
    )


start = eqx.filter_jit(start_collector)
"""The first trials, compiled."""


def after_updates(learner: Learner, state: TrainState, count: int) -> list[TrainState]:
    """The states after so many updates, the given one first."""
    states = [state]
    for _ in range(count):
        states.append(update(learner, states[-1])[0])
    return states


def arbitrary_agent(settings: Settings, trial: Trial, seed: int = 0) -> Agent:
    """An agent with arbitrary parameters and statistics, for which nothing is compiled."""
    learner = tiny_learner(settings, trial)
    return arbitrary(eqx.filter_eval_shape(learner.build_agent, jax.random.key(0)), seed)


def drawn(shapes: Any, seed: int) -> Any:
    """Arbitrary numbers of given shapes."""
    generator = np.random.default_rng(seed)

    def draw(leaf: Any) -> Any:
        return jnp.asarray(0.5 * generator.normal(size=leaf.shape).astype(leaf.dtype))

    return jax.tree.map(draw, shapes)


def arbitrary(shapes: Agent, seed: int) -> Agent:
    """An agent of given shapes with arbitrary parameters and statistics, told nothing."""

    def moments(shapes: RunningMoments | None) -> RunningMoments | None:
        if shapes is None:
            return None
        mean, root = drawn((shapes.mean, shapes.mean), seed)
        return replace(shapes, mean=mean, variance=1 + root**2, count=jnp.asarray(8.0, root.dtype))

    return replace(
        shapes,
        networks=drawn(shapes.networks, seed),
        observations=moments(shapes.observations),
        latents=moments(shapes.latents),
        tasks=moments(shapes.tasks),
        told=None if shapes.told is None else jnp.zeros((), bool),
    )


class Misleading(Environment):
    """An environment with rewards for actions, that may say something wrong about its task. It
    plays the same then."""

    inner: Environment
    """The environment."""
    wrong: Bool[Array, ""]
    """Whether what it says is wrong."""

    @property
    def observation_space(self):
        return self.inner.observation_space

    @property
    def action_space(self):
        return self.inner.action_space

    @property
    def max_episode_steps(self) -> int:
        return self.inner.max_episode_steps

    def sample_task(self, key):
        return self.inner.sample_task(key)

    def reset(self, task, state, key):
        return self.inner.reset(task, state, key)

    def step(self, task, state, action, key):
        state, step = self.inner.step(task, state, action, key)
        return state, replace(step, reward=step.reward + action)

    def task_vector(self, task, state):
        vector = self.inner.task_vector(task, state)
        return jnp.where(self.wrong, 3 - 2 * vector, vector)

    @property
    def tasks(self):
        return self.inner.tasks

    def task_index(self, task, state):
        assert self.inner.tasks is not None
        return (self.inner.task_index(task, state) + 5 * self.wrong) % self.inner.tasks

    def belief(self, task, state):
        belief = self.inner.belief(task, state)
        return None if belief is None else jnp.roll(belief, 5 * self.wrong)
