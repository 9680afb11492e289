"""Builders of policies."""

from splagger.foundation.policy_settings import HypernetworkSettings
from splagger.policies.actor_critic import ActorCritic


def build_policy(settings, *, observation_size, latent_size, action_space, critic_bias_bound, key):
    """Temporary."""
    return ActorCritic.create(
        key,
        observation_size=observation_size,
        latent_size=latent_size,
        action_space=action_space,
        hypernetwork=isinstance(settings, HypernetworkSettings),
        observation_embedding=settings.observation_embedding,
        latent_embedding=settings.latent_embedding,
        hidden_sizes=settings.hidden_sizes,
        standard_deviation=settings.initial_standard_deviation,
        critic_bias_bound=critic_bias_bound,
    )
