"""Builders: from settings to the objects that act and learn."""

import math
from typing import Literal, overload

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from splagger.agent import Agent, Networks
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.registry import EnvironmentSpecification
from splagger.environments.trial import Trial
from splagger.environments.trial_description import TrialDescription
from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.normalisers import RunningMoments
from splagger.foundation.settings import ConventionSettings, Settings
from splagger.learning.learner import Learner, TrialT
from splagger.learning.train_state import Hyperparameters, Optimisers
from splagger.recipes.build_policy import build_policy
from splagger.recipes.build_sequence import build_sequence_model


@overload
def build_trial(
    settings: Settings, environment: str | None = None, *, trust: Literal[False] = False
) -> Trial: ...


@overload
def build_trial(
    settings: Settings, environment: str | None = None, *, trust: bool
) -> Trial | HostTrial: ...


def build_trial(
    settings: Settings, environment: str | None = None, *, trust: bool = False
) -> Trial | HostTrial:
    """The environment as trials.

    **Arguments:**

    - `settings`: name the environment and the boundary convention.
    - `environment`: another environment in place of the settings' own.
    - `trust`: whether code that the name refers to may be imported.
    """
    specification = EnvironmentSpecification.parse(environment or settings.environment)
    boundary = settings.conventions.boundary
    if boundary == "published":
        boundary = specification.published_boundary
    return specification.trial(boundary=boundary, trust=trust)


def build_agent(
    settings: AgentSettings,
    conventions: ConventionSettings,
    trial: TrialDescription,
    key: PRNGKeyArray,
) -> Agent:
    """Draws an agent's initial parameters for the observations and actions of a trial."""
    sequence_key, policy_key = jax.random.split(key)
    sequence_model = build_sequence_model(
        settings,
        observation_size=trial.observation_size,
        action_space=trial.action_space,
        action_encoding=conventions.action_encoding,
        capacity=trial.max_steps,
        key=sequence_key,
    )
    actor_critic = build_policy(
        settings.policy,
        observation_size=trial.observation_size,
        latent_size=2 * settings.latent_size,
        action_space=trial.action_space,
        tasks=trial.tasks,
        task_size=trial.task_size,
        belief_size=trial.belief_size,
        critic_bias_bound=conventions.critic_bias_bound,
        key=policy_key,
    )
    return Agent(
        networks=Networks(sequence_model, actor_critic),
        observations=RunningMoments.create(trial.observation_size),
        memory_reset=conventions.memory_reset,
        train_prior=conventions.train_prior,
    )


class AgentBuilder(eqx.Module):
    """`build_agent` for given settings. Equal settings make equal builders, so that a learner built
    a second time finds its compiled programs."""

    settings: AgentSettings = eqx.field(static=True)
    """What the agent is made of."""
    conventions: ConventionSettings = eqx.field(static=True)
    """Where the published system is peculiar."""
    trial: TrialDescription
    """The environment."""

    def __call__(self, key: PRNGKeyArray) -> Agent:
        """Draws an agent's initial parameters."""
        return build_agent(self.settings, self.conventions, self.trial, key)


def build_learner(settings: Settings, trial: TrialT) -> Learner[TrialT]:
    """The learner of one member."""
    learning, conventions = settings.learning, settings.conventions
    return Learner(
        trial=trial,
        build_agent=AgentBuilder(settings.agent, conventions, trial),
        optimisers=Optimisers(learning.policy_epsilon, learning.sequence_epsilon),
        environments=learning.environments,
        steps=learning.steps,
        epochs=learning.epochs,
        minibatches=learning.minibatches,
        minibatch_kind=learning.minibatch_kind,
        reward_clip=learning.reward_clip,
        time_limits=conventions.time_limits,
        restart_memory=conventions.restart_memory,
        reset_all_returns=conventions.reset_all_returns,
        early_statistics=conventions.early_statistics,
        measure_inputs=learning.measure_inputs,
    )


def build_hyperparameters(settings: Settings) -> Hyperparameters:
    """The numbers of all members, every leaf `[member]`."""
    learning = settings.learning
    annealing = settings.updates if learning.anneal_learning_rate else math.inf

    def number(value: float | int):
        return jnp.asarray(value, float)

    def one(learning_rate: float) -> Hyperparameters:
        return Hyperparameters(
            learning_rate=number(learning_rate),
            discount=number(learning.discount),
            trace_decay=number(learning.trace_decay),
            clip=number(learning.clip),
            entropy_weight=number(learning.entropy_weight),
            value_weight=number(learning.value_weight),
            maximum_gradient_norm=number(learning.maximum_gradient_norm),
            annealing_updates=number(annealing),
        )

    members = [one(rate) for rate, _ in settings.members]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *members)
