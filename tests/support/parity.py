"""Between the recorded parameters of the published system and this package's modules.

Recorded weights are `(outputs, inputs)`; ours are `[inputs, outputs]`. The functions `load_*` make
a module of recorded parameters, and `named_*` go back: they name the arrays of a module, or of a
gradient with respect to one, as the record does.
"""

import json
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import ArrayLike

from splagger.foundation.linear import Linear
from splagger.foundation.normalisers import RunningMoments
from splagger.sequence.embedding import TransitionEmbedding
from splagger.sequence.encoder import Encoder
from splagger.sequence.feed_forward import FeedForward
from splagger.sequence.gru import GRU
from splagger.sequence.max import Max
from splagger.sequence.segmented_scan import ScanMethod
from splagger.sequence.split_aggregator import SplitAggregator

Named = dict[str, Array]
"""Arrays by their recorded names, in their recorded shapes."""

UNUSED = "agg.agg.softmax_temp"
"""A recorded parameter that nothing depends on; this package has none for it."""


def difference(actual: ArrayLike, expected: ArrayLike) -> float:
    """The largest absolute difference over the largest magnitude of the expected array."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    largest = float(np.max(np.abs(actual - expected), initial=0))
    return largest / float(np.max(np.abs(expected), initial=0) or 1)


def settings_of(archive: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The settings that a record was made with."""
    return json.loads(str(archive["meta"]))


def named_arrays(archive: Mapping[str, np.ndarray], prefix: str) -> Named:
    """The recorded arrays whose names start with `prefix`, as jax's default float, without it."""
    return {
        name.removeprefix(prefix): jnp.asarray(archive[name], float)
        for name in archive
        if name.startswith(prefix)
    }


def flatten(named: Named, names: ArrayLike) -> Array:
    """One vector of all arrays in the order of the recorded `names`; unused ones are 0."""
    ordered = [
        jnp.zeros(1, float) if name == UNUSED else named[str(name)].reshape(-1)
        for name in np.asarray(names)
    ]
    return jnp.concatenate(ordered)


def load_moments(archive: Mapping[str, np.ndarray], prefix: str = "state_rms/") -> RunningMoments:
    """Recorded running statistics; the count is 1e-4 where none was recorded."""
    recorded = named_arrays(archive, prefix)
    count = recorded.get("count", jnp.asarray(1e-4, float))
    return RunningMoments(recorded["mean"], recorded["var"], count.reshape(()))


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
    encoder = _encoder(named)
    aggregator = None
    passing = encoder.size
    if settings["encoder_agg_type"] == "max":
        aggregator = Max("low" if settings["encoder_max_init_low"] else "zero")
        passing = encoder.size // 2 if settings["encoder_skip_type"] == "enc" else 0
    return SplitAggregator(
        embedding, encoder, aggregator, load_linear(named, "agg.fc_after_agg.0"), passing, scan
    )


def named_sequence_model(model: SplitAggregator) -> Named:
    """The parameters of a sequence model, or their gradients, by their recorded names."""
    embedding = model.embedding
    named = name_linear("state_encoder.fc", embedding.observation)
    if embedding.action is not None:
        named |= name_linear("action_encoder.fc", embedding.action)
    named |= name_linear("reward_encoder.fc", embedding.reward)
    encoder = model.encoder
    if isinstance(encoder, GRU):
        for end, linear in (("ih_l0", encoder.from_input), ("hh_l0", encoder.from_state)):
            named[f"agg.encoder.weight_{end}"] = linear.weight.T
            named[f"agg.encoder.bias_{end}"] = linear.bias
    else:
        assert isinstance(encoder, FeedForward)
        named |= name_linear("agg.encoder.layer", encoder.layer)
    return named | name_linear("agg.fc_after_agg.0", model.output)


def load_linear(named: Named, name: str) -> Linear:
    """The ordinary layer of that name."""
    return Linear(named[f"{name}.weight"].T, named[f"{name}.bias"])


def name_linear(name: str, linear: Linear) -> Named:
    """The arrays of an ordinary layer, or their gradients, by their recorded names."""
    return {f"{name}.weight": linear.weight.T, f"{name}.bias": linear.bias}


def _encoder(named: Named) -> Encoder:
    if "agg.encoder.layer.weight" in named:
        layer = load_linear(named, "agg.encoder.layer")
        return FeedForward(layer.bias.shape[0], layer)
    from_input, from_state = (
        Linear(named[f"agg.encoder.weight_{end}"].T, named[f"agg.encoder.bias_{end}"])
        for end in ("ih_l0", "hh_l0")
    )
    return GRU(from_state.weight.shape[0], from_input, from_state)
