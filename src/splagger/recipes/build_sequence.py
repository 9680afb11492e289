"""Builders of sequence models: from settings to embedding, encoder and aggregator."""

import jax
from jaxtyping import PRNGKeyArray

from splagger.environments.spaces import Box, Discrete
from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.aggregator_settings import MaxSettings
from splagger.foundation.encoder_settings import GRUSettings
from splagger.sequence.embedding import ActionEncoding, TransitionEmbedding
from splagger.sequence.feed_forward import FeedForward
from splagger.sequence.gru import GRU
from splagger.sequence.max import Max
from splagger.sequence.segmented_scan import fastest_method
from splagger.sequence.split_aggregator import SplitAggregator


def build_sequence_model(
    settings: AgentSettings,
    *,
    observation_size: int,
    action_space: Box | Discrete,
    action_encoding: ActionEncoding,
    capacity: int,
    key: PRNGKeyArray,
) -> SplitAggregator:
    """Draws a sequence model's initial parameters.

    A stand-in with GRU, feed-forward encoder and maximum, until all the builders are merged.
    """
    del capacity
    embedding_key, encoder_key, output_key = jax.random.split(key, 3)
    embedding = TransitionEmbedding.create(
        embedding_key,
        observation_size=observation_size,
        action_space=action_space,
        observation_embedding=settings.embedding.observation,
        action_embedding=settings.embedding.action,
        reward_embedding=settings.embedding.reward,
        action_encoding=action_encoding,
        full_transitions=settings.embedding.full_transitions,
    )
    encoder = GRU if isinstance(settings.encoder, GRUSettings) else FeedForward
    return SplitAggregator.create(
        output_key,
        embedding,
        encoder.create(encoder_key, embedding.size, settings.encoder.size),
        Max(settings.aggregator.start) if isinstance(settings.aggregator, MaxSettings) else None,
        split=settings.split,
        latent_size=settings.latent_size,
        scan=fastest_method(),
        learned_start=settings.learned_start,
    )
