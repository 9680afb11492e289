"""Between the recorded parameters of the published system and this package's modules.

Recorded weights are `(outputs, inputs)`; ours are `[inputs, outputs]`. The functions `load_*` make
a module of recorded parameters, and `named_*` go back: they name the arrays of a module, or of a
gradient with respect to one, as the record does.
"""

import json
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import ArrayLike
from support.transformer_parity import load_transformer, name_transformer

from splagger.foundation.linear import Linear
from splagger.foundation.normalisers import RunningMoments
from splagger.policies.actor_critic import ActorCritic
from splagger.policies.distributions import ActionDistribution, Categorical, DiagonalGaussian
from splagger.policies.hypernetwork import GeneratedLinear, HypernetworkNetwork
from splagger.policies.network import Network, PlainNetwork
from splagger.sequence.aggregator import Aggregator
from splagger.sequence.embedding import TransitionEmbedding
from splagger.sequence.encoder import Encoder
from splagger.sequence.feed_forward import FeedForward
from splagger.sequence.gaussian_product import GaussianProduct
from splagger.sequence.gru import GRU
from splagger.sequence.layers import Layers
from splagger.sequence.lstm import LSTM
from splagger.sequence.max import Max
from splagger.sequence.mean import Mean
from splagger.sequence.mean_max import MeanMax
from splagger.sequence.overwriting_transformer import OverwritingTransformer
from splagger.sequence.segmented_scan import ScanMethod
from splagger.sequence.split_aggregator import SplitAggregator
from splagger.sequence.sums import Sum
from splagger.sequence.temperature import Temperature
from splagger.sequence.weighted_mean import Softmax, WeightedMean

Named = dict[str, Array]
"""Arrays by their recorded names, in their recorded shapes."""

UNUSED = "agg.agg.softmax_temp"
"""A recorded parameter on which nothing but the softmax depends; other models of this package have
none for it."""


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
        observation=_linear(named, "state_encoder.fc"),
        action=_linear(named, action) if f"{action}.weight" in named else None,
        reward=_linear(named, "reward_encoder.fc"),
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
    named = _name_linear("state_encoder.fc", embedding.observation)
    if embedding.action is not None:
        named |= _name_linear("action_encoder.fc", embedding.action)
    named |= _name_linear("reward_encoder.fc", embedding.reward)
    encoder = model.encoder
    if isinstance(encoder, OverwritingTransformer):
        named |= name_transformer(encoder)
    elif isinstance(encoder, GRU | LSTM):
        for end, linear in (("ih_l0", encoder.from_input), ("hh_l0", encoder.from_state)):
            named[f"agg.encoder.weight_{end}"] = linear.weight.T
            named[f"agg.encoder.bias_{end}"] = linear.bias
    else:
        assert isinstance(encoder, FeedForward)
        named |= _name_linear("agg.encoder.layer", encoder.layer)
    for start, layers in (
        ("agg.fc_after_enc", model.after_encoder),
        ("agg.fc_after_agg", model.output),
    ):
        for number, layer in enumerate(layers.layers):
            named |= _name_linear(f"{start}.{number}", layer)
    if isinstance(model.aggregator, WeightedMean | Softmax):
        temperature = model.aggregator.temperature
        if temperature is not None and temperature.logarithm is not None:
            named[temperature_name(model.aggregator)] = temperature.logarithm.reshape(1)
    if model.learned_start is not None:
        for name, part in zip(_STARTS, model.learned_start, strict=True):
            flat = jnp.concatenate(jax.tree.leaves(part), axis=-1)
            named[name] = flat.reshape(1, 1, -1)
    return named


def temperature_name(aggregator: Aggregator | None) -> str | None:
    """The recorded name of an aggregator's temperature; we learn its logarithm instead."""
    names = {WeightedMean: "agg.agg.wavg_temp", Softmax: UNUSED}
    return names.get(type(aggregator))  # pyright: ignore[reportArgumentType]


def load_actor_critic(archive: Mapping[str, np.ndarray], prefix: str = "param/") -> ActorCritic:
    """The policy of recorded parameters: their names say which kind it is."""
    named = named_arrays(archive, prefix)
    hypernetwork = any(name.startswith("hyper_") for name in named)
    load = _generated_network if hypernetwork else _plain_network
    actor = load(named, "actor")
    distribution: ActionDistribution
    if "dist.logstd" in named:
        deviation = named["dist.logstd"].reshape(-1)
        distribution = DiagonalGaussian(deviation.shape[0], deviation)
    else:
        distribution = Categorical(_outputs(actor))
    return ActorCritic(
        observation_embedding=_linear(named, "state_encoder.fc"),
        latent_embedding=_linear(named, "latent_encoder.fc"),
        actor=actor,
        critic=load(named, "critic"),
        distribution=distribution,
    )


def named_actor_critic(policy: ActorCritic) -> Named:
    """The parameters of a policy, or their gradients, by their recorded names."""
    named = _name_linear("state_encoder.fc", policy.observation_embedding)
    named |= _name_linear("latent_encoder.fc", policy.latent_embedding)
    continuous = isinstance(policy.distribution, DiagonalGaussian)
    for who, network in (("actor", policy.actor), ("critic", policy.critic)):
        if isinstance(network, HypernetworkNetwork):
            for ends, layer in zip(_ends(len(network.layers)), network.layers, strict=True):
                named |= _name_generated(f"hyper_final_to_{who}", ends, layer)
        else:
            assert isinstance(network, PlainNetwork)
            *hidden, head = network.layers
            for number, layer in enumerate(hidden):
                named |= _name_linear(f"{who}_layers.{number}", layer)
            named |= _name_linear(_head_name(who, continuous), head)
    if isinstance(policy.distribution, DiagonalGaussian):
        named["dist.logstd"] = policy.distribution.log_standard_deviation
    return named


def _linear(named: Named, name: str) -> Linear:
    return Linear(named[f"{name}.weight"].T, named[f"{name}.bias"])


def _name_linear(name: str, linear: Linear) -> Named:
    return {f"{name}.weight": linear.weight.T, f"{name}.bias": linear.bias}


_STARTS = ("agg.learned_init_enc_state", "agg.learned_init_agg_state")


def _layers(named: Named, start: str) -> Layers:
    number = sum(name.startswith(start) and name.endswith(".weight") for name in named)
    return Layers(tuple(_linear(named, f"{start}.{n}") for n in range(number)))


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
        layer = _linear(named, "agg.encoder.layer")
        return FeedForward(layer.bias.shape[0], layer)
    from_input, from_state = (
        Linear(named[f"agg.encoder.weight_{end}"].T, named[f"agg.encoder.bias_{end}"])
        for end in ("ih_l0", "hh_l0")
    )
    kind = {"gru": GRU, "lstm": LSTM}[settings["encoder_enc_type"]]
    return kind(from_state.weight.shape[0], from_input, from_state)


def _hidden_layers(named: Named, start: str) -> int:
    return sum(name.startswith(start) and name.endswith(".weight") for name in named)


def _ends(layers: int) -> list[tuple[str, str]]:
    """How the names of the two heads of every layer end."""
    hidden = [(f"weight.{number}", f"bias.{number}") for number in range(layers - 1)]
    return [*hidden, ("linear_weight", "linear_bias")]


def _generated_network(named: Named, who: str) -> HypernetworkNetwork:
    start = f"hyper_final_to_{who}"
    layers = _hidden_layers(named, f"{start}_weight.") + 1
    return HypernetworkNetwork(
        tuple(
            _generated_layer(named, f"{start}_{weight}", f"{start}_{bias}")
            for weight, bias in _ends(layers)
        )
    )


def _generated_layer(named: Named, weight: str, bias: str) -> GeneratedLinear:
    def head(name: str) -> Array:
        return jnp.concatenate([named[f"{name}.weight"], named[f"{name}.bias"][:, None]], axis=1)

    bias_head = head(bias)
    outputs, code = bias_head.shape
    weight_head = head(weight).reshape(outputs, -1, code)
    return GeneratedLinear(weight_head.transpose(1, 2, 0), bias_head.T)


def _name_generated(start: str, ends: tuple[str, str], layer: GeneratedLinear) -> Named:
    weight, bias = (f"{start}_{end}" for end in ends)
    code = layer.bias_basis.shape[0]
    weight_head = layer.basis.transpose(2, 0, 1).reshape(-1, code)
    bias_head = layer.bias_basis.T
    return {
        f"{weight}.weight": weight_head[:, :-1],
        f"{weight}.bias": weight_head[:, -1],
        f"{bias}.weight": bias_head[:, :-1],
        f"{bias}.bias": bias_head[:, -1],
    }


def _plain_network(named: Named, who: str) -> PlainNetwork:
    hidden = [
        _linear(named, f"{who}_layers.{number}")
        for number in range(_hidden_layers(named, f"{who}_layers."))
    ]
    head = _linear(named, _head_name(who, "dist.logstd" in named))
    return PlainNetwork((*hidden, head))


def _head_name(who: str, continuous: bool) -> str:
    if who == "critic":
        return "critic_linear"
    return "dist.fc_mean" if continuous else "dist.linear"


def _outputs(network: Network) -> int:
    if isinstance(network, HypernetworkNetwork):
        return network.layers[-1].bias_basis.shape[1]
    assert isinstance(network, PlainNetwork)
    return network.layers[-1].bias.shape[0]
