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
from splagger.policies.actor_critic import ActorCritic
from splagger.policies.distributions import ActionDistribution, Categorical, DiagonalGaussian
from splagger.policies.hypernetwork import GeneratedLinear, HypernetworkNetwork
from splagger.policies.network import Network, PlainNetwork
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
        observation=_linear(named, "state_encoder.fc"),
        action=_linear(named, action) if f"{action}.weight" in named else None,
        reward=_linear(named, "reward_encoder.fc"),
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
        embedding, encoder, aggregator, _linear(named, "agg.fc_after_agg.0"), passing, scan
    )


def named_sequence_model(model: SplitAggregator) -> Named:
    """The parameters of a sequence model, or their gradients, by their recorded names."""
    embedding = model.embedding
    named = _name_linear("state_encoder.fc", embedding.observation)
    if embedding.action is not None:
        named |= _name_linear("action_encoder.fc", embedding.action)
    named |= _name_linear("reward_encoder.fc", embedding.reward)
    encoder = model.encoder
    if isinstance(encoder, GRU):
        for end, linear in (("ih_l0", encoder.from_input), ("hh_l0", encoder.from_state)):
            named[f"agg.encoder.weight_{end}"] = linear.weight.T
            named[f"agg.encoder.bias_{end}"] = linear.bias
    else:
        assert isinstance(encoder, FeedForward)
        named |= _name_linear("agg.encoder.layer", encoder.layer)
    return named | _name_linear("agg.fc_after_agg.0", model.output)


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


def _encoder(named: Named) -> Encoder:
    if "agg.encoder.layer.weight" in named:
        layer = _linear(named, "agg.encoder.layer")
        return FeedForward(layer.bias.shape[0], layer)
    from_input, from_state = (
        Linear(named[f"agg.encoder.weight_{end}"].T, named[f"agg.encoder.bias_{end}"])
        for end in ("ih_l0", "hh_l0")
    )
    return GRU(from_state.weight.shape[0], from_input, from_state)


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
