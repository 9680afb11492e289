"""Builders: from settings to the objects that act and learn."""

import math
from typing import Any, Literal, overload

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.agent import Agent, Networks
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.registry import EnvironmentSpecification
from splagger.environments.trial import Trial
from splagger.environments.trial_description import TrialDescription
from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.normalisers import RunningMoments
from splagger.foundation.objective_settings import ObjectiveSettings
from splagger.foundation.settings import ConventionSettings, Settings
from splagger.learning.elbo import ElboWeights
from splagger.learning.learner import Learner, TrialT
from splagger.learning.objective import ElboNumbers, InferenceNumbers
from splagger.learning.optimisers import Optimisers
from splagger.learning.train_state import Hyperparameters
from splagger.recipes.build_objective import build_decoders, build_objective
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
    latent_size = (1 if settings.sample_latent else 2) * settings.latent_size
    warm_up = settings.objective.task_inference is not None
    actor_critic = build_policy(
        settings.policy,
        observation_size=trial.observation_size,
        latent_size=latent_size,
        action_space=trial.action_space,
        tasks=trial.tasks,
        task_size=trial.task_size,
        belief_size=trial.belief_size,
        warm_up=warm_up,
        critic_bias_bound=conventions.critic_bias_bound,
        key=policy_key,
    )
    # A key of its own, so that the networks are the same with and without decoders.
    decoders = build_decoders(
        settings, conventions, trial, actor_critic, jax.random.fold_in(key, 2)
    )
    latents = None
    if not settings.objective.policy_gradient:
        latents = RunningMoments.create(latent_size)
    is_told = warm_up or actor_critic.needs_task == "vector"
    return Agent(
        networks=Networks(sequence_model, actor_critic, decoders),
        observations=RunningMoments.create(trial.observation_size),
        latents=latents,
        tasks=RunningMoments.create(trial.task_size) if is_told else None,
        told=jnp.zeros((), bool) if warm_up else None,
        sample_latent=settings.sample_latent,
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
    # Q2: the published code rebuilds memories where it remembers trials, and loses them elsewhere.
    remembers_trials = settings.agent.objective.elbo is not None
    return Learner(
        trial=trial,
        build_agent=AgentBuilder(settings.agent, conventions, trial),
        optimisers=Optimisers(learning.policy_epsilon, learning.sequence_epsilon),
        objective=build_objective(settings.agent, conventions, trial, learning.gradient_steps),
        environments=learning.environments,
        steps=learning.steps,
        epochs=learning.epochs,
        minibatches=learning.minibatches,
        minibatch_kind=learning.minibatch_kind,
        gradient_steps=learning.gradient_steps,
        reward_clip=learning.reward_clip,
        time_limits=conventions.time_limits,
        restart_memory=conventions.restart_memory and not remembers_trials,
        rebuild_memory=conventions.restart_memory and remembers_trials,
        reset_all_returns=conventions.reset_all_returns,
        early_statistics=conventions.early_statistics,
        replay_latent_noise=conventions.replay_latent_noise,
        precollect_frames=learning.precollect_frames,
        measure_inputs=learning.measure_inputs,
    )


def build_hyperparameters(settings: Settings) -> Hyperparameters:
    """The numbers of all members, every leaf `[member]`."""
    learning = settings.learning
    annealing = settings.updates if learning.anneal_learning_rate else math.inf

    def number(value: float | int):
        return jnp.asarray(value, float)

    inference, inference_numbers = settings.agent.objective.task_inference, None
    if inference is not None:
        inference_numbers = InferenceNumbers(
            number(inference.weight), number(settings.warm_up_updates)
        )
    elbo = _elbo_numbers(settings.agent.objective)

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
            elbo=elbo,
            inference=inference_numbers,
        )

    members = [one(rate) for rate, _ in settings.members]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *members)


def _elbo_numbers(objective: ObjectiveSettings) -> ElboNumbers | None:
    elbo, inference = objective.elbo, objective.task_inference
    if elbo is None:
        return None

    def weight(decoder: Any) -> Float[Array, ""]:
        return jnp.asarray(0.0 if decoder is None else decoder.weight, float)

    return ElboNumbers(
        learning_rate=jnp.asarray(elbo.learning_rate, float),
        weight=jnp.asarray(elbo.weight, float),
        weights=ElboWeights(
            reward=weight(elbo.reward),
            state=weight(elbo.state),
            task=weight(elbo.task),
            inference=weight(inference),
            kl=jnp.asarray(elbo.kl_weight, float),
        ),
    )
