"""Builders of sequence models: from settings to embedding, encoder and aggregator."""

import jax
from jaxtyping import PRNGKeyArray

from splagger.environments.spaces import Box, Discrete
from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.aggregator_settings import (
    GaussianProductSettings,
    MaxSettings,
    MeanMaxSettings,
    MeanSettings,
    PriorMeanSettings,
    SoftmaxSettings,
    SumSettings,
    WeightedMeanSettings,
)
from splagger.foundation.encoder_settings import (
    CausalTransformerSettings,
    FeedForwardSettings,
    GRUSettings,
    LinearRecurrenceSettings,
    LSTMSettings,
    OverwritingTransformerSettings,
)
from splagger.sequence.aggregators.aggregator import Aggregator
from splagger.sequence.aggregators.gaussian_product import GaussianProduct
from splagger.sequence.aggregators.max import Max
from splagger.sequence.aggregators.mean import Mean
from splagger.sequence.aggregators.mean_max import MeanMax
from splagger.sequence.aggregators.prior_mean import PriorMean
from splagger.sequence.aggregators.sums import Sum
from splagger.sequence.aggregators.temperature import Temperature
from splagger.sequence.aggregators.weighted_mean import Softmax, WeightedMean
from splagger.sequence.embedding import ActionEncoding, TransitionEmbedding
from splagger.sequence.encoders.causal_transformer import CausalTransformer
from splagger.sequence.encoders.encoder import Encoder
from splagger.sequence.encoders.feed_forward import FeedForward
from splagger.sequence.encoders.gru import GRU, fastest_recurrence
from splagger.sequence.encoders.linear_recurrence import LinearRecurrence
from splagger.sequence.encoders.lstm import LSTM
from splagger.sequence.encoders.overwriting_transformer import OverwritingTransformer
from splagger.sequence.layers import Layers
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

    **Arguments:**

    - `settings`: of the agent.
    - `observation_size`, `action_space`: of the trial, the episode-end flag included.
    - `action_encoding`: how a discrete action enters (Q19).
    - `capacity`: how many transitions a transformer remembers: the longest trial.
    - `key`: randomness.
    """
    embedding_key, before_key, encoder_key, after_key, output_key = jax.random.split(key, 5)
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
    before = Layers.create(before_key, embedding.size, settings.layers_before_encoder)
    encoder = _build_encoder(settings, before.size(embedding.size), capacity, encoder_key)
    # The published system doubles, and moves, the layers around these aggregators.
    is_latent = isinstance(settings.aggregator, GaussianProductSettings)
    widths = settings.layers_after_encoder
    if is_latent:
        widths = (*widths, settings.split_width)
    elif widths:
        widths = (*widths[:-1], settings.split_width)
    return SplitAggregator.create(
        output_key,
        embedding,
        encoder,
        _build_aggregator(settings),
        split=settings.split,
        latent_size=settings.latent_size,
        scan=fastest_method(),
        before_encoder=before,
        after_encoder=Layers.create(after_key, encoder.size, widths),
        after_aggregator=settings.layers_after_aggregator,
        aggregate_is_latent=is_latent,
        learned_start=settings.learned_start,
    )


def _build_encoder(
    settings: AgentSettings, inputs: int, capacity: int, key: PRNGKeyArray
) -> Encoder:
    encoder, size = settings.encoder, settings.encoder_output
    match encoder:
        case GRUSettings():
            return GRU.create(key, inputs, size, fastest_recurrence())
        case LSTMSettings():
            invariant = encoder.invariant_initialisation
            return LSTM.create(key, inputs, size, invariant=invariant)
        case FeedForwardSettings():
            return FeedForward.create(key, inputs, size)
        case LinearRecurrenceSettings():
            return LinearRecurrence.create(
                key, inputs, size, gate_bias=encoder.gate_bias, scan=fastest_method()
            )
        case OverwritingTransformerSettings() | CausalTransformerSettings():
            overwriting = isinstance(encoder, OverwritingTransformerSettings)
            return (OverwritingTransformer if overwriting else CausalTransformer).create(
                key,
                inputs,
                size,
                width=encoder.width,
                layers=encoder.layers,
                heads=encoder.heads,
                capacity=capacity,
            )


def _build_aggregator(settings: AgentSettings) -> Aggregator | None:
    aggregator, straight_through = settings.aggregator, settings.straight_through
    match aggregator:
        case None:
            return None
        case MaxSettings():
            return Max(aggregator.start, aggregator.normalised, straight_through)
        case SumSettings():
            return Sum()
        case MeanSettings():
            return Mean(straight_through)
        case MeanMaxSettings():
            return MeanMax(straight_through)
        case WeightedMeanSettings(temperature=None):
            return WeightedMean(None, straight_through)
        case WeightedMeanSettings() | SoftmaxSettings():
            assert aggregator.temperature is not None
            temperature = Temperature.create(
                aggregator.temperature, learned=aggregator.learn_temperature
            )
            if isinstance(aggregator, SoftmaxSettings):
                return Softmax(temperature, straight_through)
            return WeightedMean(temperature, straight_through)
        case GaussianProductSettings():
            return GaussianProduct(straight_through)
        case PriorMeanSettings():
            return PriorMean.create(
                settings.aggregated_width,
                aggregator.prior_weight,
                straight_through=straight_through,
            )
