"""Between the recorded parameters of the published sequence models and this package's."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from support.parity import UNUSED, Named, load_linear, name_linear, named_arrays, settings_of
from support.transformer_parity import load_transformer, name_transformer

from splagger.foundation.linear import Linear
from splagger.sequence.aggregators.aggregator import Aggregator
from splagger.sequence.aggregators.gaussian_product import GaussianProduct
from splagger.sequence.aggregators.max import Max
from splagger.sequence.aggregators.mean import Mean
from splagger.sequence.aggregators.mean_max import MeanMax
from splagger.sequence.aggregators.sums import Sum
from splagger.sequence.aggregators.temperature import Temperature
from splagger.sequence.aggregators.weighted_mean import Softmax, WeightedMean
from splagger.sequence.embedding import TransitionEmbedding
from splagger.sequence.encoders.encoder import Encoder
from splagger.sequence.encoders.feed_forward import FeedForward
from splagger.sequence.encoders.gru import GRU
from splagger.sequence.encoders.lstm import LSTM
from splagger.sequence.encoders.overwriting_transformer import OverwritingTransformer
from splagger.sequence.layers import Layers
from splagger.sequence.segmented_scan import ScanMethod
from splagger.sequence.split_aggregator import SplitAggregator


def load_sequence_model(
    archive: Mapping[str, np.ndarray], prefix: str = "param/", scan: ScanMethod = "sequential"
) -> SplitAggregator:
    """The sequence model of recorded parameters; the record's settings say how it aggregates.

    A discrete action enters it as its index, as published.
    """
    settings, named = settings_of(archive), named_arrays(archive, prefix)
    action = "action_encoder.fc"
    embedding = TransitionEmbedding(
        observation=load_linear(named, "state_encoder.fc"),
        action=load_linear(named, action) if f"{action}.weight" in named else None,
        reward=load_linear(named, "reward_encoder.fc"),
        actions=None,
        full_transitions=settings["full_transitions"],
    )
    encoder = _encoder(named, settings)
    aggregator = _aggregator(named, settings)
    after_encoder = _layers(named, "agg.fc_after_enc")
    width = after_encoder.size(encoder.size)
    split = settings["encoder_skip_type"] == "enc"
    passing = width if aggregator is None else width // 2 if split else 0
    return SplitAggregator(
        embedding=embedding,
        before_encoder=Layers(()),
        encoder=encoder,
        after_encoder=after_encoder,
        aggregator=aggregator,
        output=_layers(named, "agg.fc_after_agg"),
        learned_start=_learned_start(named),
        passing=passing,
        aggregated=width - passing,
        scan=scan,
    )


def named_sequence_model(model: SplitAggregator) -> Named:
    """The parameters of a sequence model, or their gradients, by their recorded names."""
    embedding = model.embedding
    named = name_linear("state_encoder.fc", embedding.observation)
    if embedding.action is not None:
        named |= name_linear("action_encoder.fc", embedding.action)
    named |= name_linear("reward_encoder.fc", embedding.reward)
    encoder = model.encoder
    if isinstance(encoder, OverwritingTransformer):
        named |= name_transformer(encoder)
    elif isinstance(encoder, GRU | LSTM):
        for end, linear in (("ih_l0", encoder.from_input), ("hh_l0", encoder.from_state)):
            named[f"agg.encoder.weight_{end}"] = linear.weight.T
            named[f"agg.encoder.bias_{end}"] = linear.bias
    else:
        assert isinstance(encoder, FeedForward)
        named |= name_linear("agg.encoder.layer", encoder.layer)
    for start, layers in (
        ("agg.fc_after_enc", model.after_encoder),
        ("agg.fc_after_agg", model.output),
    ):
        for number, layer in enumerate(layers.layers):
            named |= name_linear(f"{start}.{number}", layer)
    if isinstance(model.aggregator, WeightedMean | Softmax):
        temperature = model.aggregator.temperature
        if temperature is not None and temperature.logarithm is not None:
            named[str(temperature_name(model.aggregator))] = temperature.logarithm.reshape(1)
    if model.learned_start is not None:
        for name, part in zip(_STARTS, model.learned_start, strict=True):
            flat = jnp.concatenate(jax.tree.leaves(part), axis=-1)
            named[name] = flat.reshape(1, 1, -1)
    return named


def temperature_name(aggregator: Aggregator | None) -> str | None:
    """The recorded name of an aggregator's temperature; we learn its logarithm instead."""
    names = {WeightedMean: "agg.agg.wavg_temp", Softmax: UNUSED}
    return names.get(type(aggregator))  # pyright: ignore[reportArgumentType]


_STARTS = ("agg.learned_init_enc_state", "agg.learned_init_agg_state")


def _layers(named: Named, start: str) -> Layers:
    number = sum(name.startswith(start) and name.endswith(".weight") for name in named)
    return Layers(tuple(load_linear(named, f"{start}.{n}") for n in range(number)))


def _learned_start(named: Named) -> tuple[Array, Array] | None:
    """The learned start of a GRU with a maximum."""
    if _STARTS[0] not in named:
        return None
    encoder, aggregate = (named[name].reshape(-1) for name in _STARTS)
    return encoder, aggregate


def _aggregator(named: Named, settings: dict[str, Any]) -> Aggregator | None:
    straight_through = settings["encoder_st_estimator"]

    def temperature(name: str) -> Temperature:
        return Temperature(None, jnp.log(named[name][0]))

    match settings["encoder_agg_type"]:
        case None:
            return None
        case "max" | "max_norm" as kind:
            start = "low" if settings["encoder_max_init_low"] else "zero"
            return Max(start, kind == "max_norm", straight_through)
        case "sum":
            return Sum()
        case "avg":
            return Mean(straight_through)
        case "am":
            return MeanMax(straight_through)
        case "weighted_avg":
            softplus = settings["wavg_temp"] is None
            return WeightedMean(
                None if softplus else temperature("agg.agg.wavg_temp"), straight_through
            )
        case "softmax":
            return Softmax(temperature("agg.agg.softmax_temp"), straight_through)
        case "gauss":
            return GaussianProduct(straight_through)
        case other:
            raise AssertionError(other)


def _encoder(named: Named, settings: dict[str, Any]) -> Encoder:
    if settings["encoder_enc_type"] == "transformer":
        heads, capacity = settings["transformer_num_heads"], settings["max_trajectory_len"]
        return load_transformer(named, heads=heads, capacity=capacity)
    if "agg.encoder.layer.weight" in named:
        layer = load_linear(named, "agg.encoder.layer")
        return FeedForward(layer.bias.shape[0], layer)
    from_input, from_state = (
        Linear(named[f"agg.encoder.weight_{end}"].T, named[f"agg.encoder.bias_{end}"])
        for end in ("ih_l0", "hh_l0")
    )
    kind = {"gru": GRU, "lstm": LSTM}[settings["encoder_enc_type"]]
    return kind(from_state.weight.shape[0], from_input, from_state)
