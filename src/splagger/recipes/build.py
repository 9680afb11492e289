"""Builders: from settings to the objects that act and learn."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from splagger.agent import Agent, Networks
from splagger.environments.registry import EnvironmentSpecification
from splagger.environments.trial import Trial
from splagger.foundation.normalisers import RunningMoments
from splagger.foundation.settings import AgentSettings, ConventionSettings, Settings
from splagger.learning.learner import Learner
from splagger.learning.train_state import Hyperparameters, Optimisers
from splagger.policies.actor_critic import ActorCritic
from splagger.sequence.embedding import TransitionEmbedding
from splagger.sequence.feed_forward import FeedForward
from splagger.sequence.gru import GRU
from splagger.sequence.max import Max
from splagger.sequence.segmented_scan import fastest_method
from splagger.sequence.split_aggregator import SplitAggregator


def build_trial(
    settings: Settings, environment: str | None = None, *, trust: bool = False
) -> Trial:
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
    settings: AgentSettings, conventions: ConventionSettings, trial: Trial, key: PRNGKeyArray
) -> Agent:
    """Draws an agent's initial parameters for the observations and actions of a trial."""
    embedding_key, encoder_key, output_key, policy_key = jax.random.split(key, 4)
    embedding = TransitionEmbedding.create(
        embedding_key,
        observation_size=trial.observation_size,
        action_space=trial.action_space,
        observation_embedding=settings.observation_embedding,
        action_embedding=settings.action_embedding,
        reward_embedding=settings.reward_embedding,
        action_encoding=conventions.action_encoding,
        full_transitions=settings.full_transitions,
    )
    encoders = {"gru": GRU, "feed-forward": FeedForward}
    encoder = encoders[settings.encoder].create(encoder_key, embedding.size, settings.encoder_size)
    sequence_model = SplitAggregator.create(
        output_key,
        embedding,
        encoder,
        Max(settings.aggregate_start) if settings.aggregator == "max" else None,
        split=settings.split,
        latent_size=settings.latent_size,
        scan=fastest_method(),
    )
    actor_critic = ActorCritic.create(
        policy_key,
        observation_size=trial.observation_size,
        latent_size=2 * settings.latent_size,
        action_space=trial.action_space,
        hypernetwork=settings.policy == "hypernetwork",
        observation_embedding=settings.policy_observation_embedding,
        latent_embedding=settings.policy_latent_embedding,
        hidden_sizes=settings.policy_hidden_sizes,
        standard_deviation=settings.initial_standard_deviation,
        critic_bias_bound=conventions.critic_bias_bound,
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
    trial: Trial
    """The environment."""

    def __call__(self, key: PRNGKeyArray) -> Agent:
        """Draws an agent's initial parameters."""
        return build_agent(self.settings, self.conventions, self.trial, key)


def build_learner(settings: Settings, trial: Trial) -> Learner:
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
