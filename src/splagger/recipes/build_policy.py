"""The builder of policies: from their settings to objects with initial parameters."""

import math
from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from splagger.environments.spaces import Box, Discrete
from splagger.foundation.errors import UserError
from splagger.foundation.linear import Linear
from splagger.foundation.policy_settings import (
    FilmSettings,
    HypernetworkSettings,
    MultiNetworkSettings,
    PlainPolicySettings,
    PolicySettings,
)
from splagger.policies.actor_critic import ActorCritic
from splagger.policies.conditioned_network import ConditionedNetwork
from splagger.policies.film_linear import FilmLinear
from splagger.policies.generated_linear import GeneratedLinear
from splagger.policies.hyper_initialisation import head_initialisers
from splagger.policies.latent_embedding import LatentEmbedding
from splagger.policies.layer_start import (
    LayerStart,
    actor_head_start,
    critic_head_start,
    hidden_start,
    ordinary_start,
)
from splagger.policies.multi_network import MultiNetwork
from splagger.policies.network import Network, PlainNetwork
from splagger.policies.policy import Policy


def build_policy(
    settings: PolicySettings,
    *,
    observation_size: int,
    latent_size: int,
    action_space: Box | Discrete,
    tasks: int | None,
    task_size: int,
    belief_size: int | None,
    warm_up: bool,
    critic_bias_bound: float | None,
    key: PRNGKeyArray,
) -> Policy:
    """Draws a policy's initial parameters.

    **Arguments:**

    - `settings`: say which policy.
    - `observation_size`, `latent_size`: sizes of its inputs.
    - `action_space`: decides the distribution: categorical or diagonal Gaussian.
    - `tasks`: how many tasks the environment has; None if they are not finite.
    - `task_size`: how many numbers describe a task; 0 if the environment gives none.
    - `belief_size`: how many probabilities the exact belief about the task has; None if the
        environment does not know it.
    - `warm_up`: whether there is an embedding of the true task that stands in for the latent's in a
        warm-up (task inference).
    - `critic_bias_bound`: see `critic_head_start` (Q9).
    - `key`: randomness.

    **Raises:** `UserError` for a network per task where the number of tasks is not finite, and for
    a policy that is told the task or the belief where the environment does not give it.
    """

    def build(key: PRNGKeyArray, source_size: int) -> ActorCritic:
        return _build_actor_critic(
            settings, observation_size, source_size, action_space, critic_bias_bound, key
        )

    if not isinstance(settings, MultiNetworkSettings):
        policy = build(key, _source_size(settings, latent_size, task_size, belief_size, warm_up))
        if not warm_up:
            return policy
        # A key of its own, so that all else is what it is without the embedding.
        task_key = jax.random.split(key, 5)[4]
        embedding = Linear.create(task_key, task_size, settings.latent_embedding)
        return replace(policy, task_embedding=embedding)
    if tasks is None:
        raise UserError(
            f"agent.policy is {settings.kind}, which has a network for every task, but the "
            "environment's tasks is none: choose another policy, or an environment that has a "
            "finite number of tasks, such as t-maze-long-noise."
        )
    keys = jax.random.split(key, tasks)
    return MultiNetwork(jax.lax.map(lambda key: build(key, latent_size), keys))


def _source_size(
    settings: PlainPolicySettings | HypernetworkSettings | FilmSettings,
    latent_size: int,
    task_size: int,
    belief_size: int | None,
    warm_up: bool,
) -> int:
    """How many numbers the policy is conditioned on, once it is sure that they are there."""
    if task_size == 0 and (settings.source == "task" or warm_up):
        given = "objective.task_inference is given"
        if settings.source == "task":
            given = "policy.source is 'task'"
        raise UserError(
            f"agent.{given}, but the environment gives no task vector: choose "
            "another policy, or an environment whose tasks are numbers, such as t-maze-long-noise."
        )
    if settings.source == "belief":
        if belief_size is None:
            raise UserError(
                "agent.policy.source is 'belief', but the environment gives no exact belief; "
                "grid-navigation and t-maze-latent do."
            )
        return belief_size
    return task_size if settings.source == "task" else latent_size


def _build_actor_critic(
    settings: PolicySettings,
    observation_size: int,
    source_size: int,
    action_space: Box | Discrete,
    critic_bias_bound: float | None,
    key: PRNGKeyArray,
) -> ActorCritic:
    observation_key, latent_key, actor_key, critic_key = jax.random.split(key, 4)
    embedding = None
    if not isinstance(settings, PlainPolicySettings) or settings.observe:
        embedding = Linear.create(observation_key, observation_size, settings.observation_embedding)
    conditioned = isinstance(settings, HypernetworkSettings | FilmSettings)
    latent_embedding = LatentEmbedding.create(
        latent_key,
        source_size,
        settings.latent_embedding,
        hidden_sizes=settings.hyper_hidden_sizes if conditioned else (),
        initialiser=ordinary_start(settings.initialisation),
        softmax_temperature=settings.hyper_softmax_temperature if conditioned else None,
    )
    embedded_size = 0 if embedding is None else settings.observation_embedding
    if isinstance(action_space, Discrete):
        actions, log_deviation = action_space.n, None
    else:
        actions = action_space.size
        deviation = settings.initial_standard_deviation
        log_deviation = jnp.full(actions, math.log(deviation), float)
    actor_head = actor_head_start(settings.initialisation, action_space)
    critic_head = critic_head_start(settings.hidden_sizes[-1], critic_bias_bound)
    sizes = (embedded_size, latent_embedding.size)
    return ActorCritic(
        embedding,
        latent_embedding,
        actor=_build_network(settings, *sizes, actions, actor_head, actor_key),
        critic=_build_network(settings, *sizes, 1, critic_head, critic_key),
        log_standard_deviation=log_deviation,
        source="latent" if isinstance(settings, MultiNetworkSettings) else settings.source,
    )


def _build_network(
    settings: PolicySettings,
    observation_size: int,
    code_size: int,
    outputs: int,
    head: LayerStart,
    key: PRNGKeyArray,
) -> Network:
    """An actor or critic that ends with a layer of `outputs`, which starts as `head` says."""
    hidden = [hidden_start(settings.initialisation)] * len(settings.hidden_sizes)
    starts, sizes = (*hidden, head), (*settings.hidden_sizes, outputs)
    kinds = _layer_kinds(settings, code_size)
    conditioned = isinstance(settings, HypernetworkSettings | FilmSettings)
    inputs = observation_size if conditioned else observation_size + code_size
    layers = []
    keys = jax.random.split(key, len(sizes))
    for create, layer_key, size, start in zip(kinds, keys, sizes, starts, strict=True):
        layers.append(create(layer_key, inputs, size, start))
        inputs = size
    return (ConditionedNetwork if conditioned else PlainNetwork)((*layers,))


_CreateLayer = Callable[[PRNGKeyArray, int, int, LayerStart], Linear | GeneratedLinear | FilmLinear]


def _layer_kinds(settings: PolicySettings, code_size: int) -> list[_CreateLayer]:
    """What creates each layer of a network."""
    layers = len(settings.hidden_sizes) + 1

    def ordinary(key, inputs, outputs, start):
        return Linear.create(key, inputs, outputs, start.ordinary)

    if not isinstance(settings, HypernetworkSettings | FilmSettings):
        return [ordinary] * layers
    initialiser = ordinary_start(settings.initialisation)
    heads = head_initialisers(settings.hyper_initialisation, initialiser)
    kind = GeneratedLinear if isinstance(settings, HypernetworkSettings) else FilmLinear

    def conditioned(key, inputs, outputs, start):
        return kind.create(key, inputs, outputs, code_size, start, heads)

    if isinstance(settings, FilmSettings) or not settings.generated_layers:
        return [conditioned] * layers
    return [conditioned if generated else ordinary for generated in settings.generated_layers]
