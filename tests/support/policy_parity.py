"""Between the recorded policies of the published system and this package's.

As in `support.parity`, `load_*` makes a module of recorded parameters and `named_*` goes back.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from support.parity import Named, load_linear, name_linear, named_arrays, settings_of

from splagger.foundation.linear import Linear
from splagger.policies.actor_critic import ActorCritic
from splagger.policies.conditioned_network import ConditionedNetwork
from splagger.policies.film_linear import FilmLinear
from splagger.policies.generated_linear import GeneratedLinear
from splagger.policies.latent_embedding import LatentEmbedding
from splagger.policies.network import Network, PlainNetwork

UNUSED_BIAS = {"dist.linear.bias", "dist.fc_mean.bias"}
"""Of the actor's head in a FiLM policy: recorded parameters that nothing depends on (Q41)."""


def load_actor_critic(archive: Mapping[str, np.ndarray], prefix: str = "param/") -> ActorCritic:
    """The policy of recorded parameters: their names say which kind it is."""
    named = named_arrays(archive, prefix)
    state = "state_encoder.fc"
    layers = range(sum(name.startswith("hyper_layers.") for name in named) // 2)
    deviation = named.get("dist.logstd")
    return ActorCritic(
        observation_embedding=load_linear(named, state) if f"{state}.weight" in named else None,
        latent_embedding=LatentEmbedding(
            load_linear(named, "latent_encoder.fc"),
            tuple(load_linear(named, f"hyper_layers.{number}") for number in layers),
            settings_of(archive).get("hyper_softmax_temp"),
        ),
        actor=_load_network(named, "actor"),
        critic=_load_network(named, "critic"),
        log_standard_deviation=None if deviation is None else deviation.reshape(-1),
    )


def named_actor_critic(policy: ActorCritic) -> Named:
    """The parameters of a policy, or their gradients, by their recorded names."""
    named: Named = {}
    if policy.observation_embedding is not None:
        named |= name_linear("state_encoder.fc", policy.observation_embedding)
    named |= name_linear("latent_encoder.fc", policy.latent_embedding.embedding)
    for number, layer in enumerate(policy.latent_embedding.hidden):
        named |= name_linear(f"hyper_layers.{number}", layer)
    continuous = policy.log_standard_deviation is not None
    for who, network in (("actor", policy.actor), ("critic", policy.critic)):
        assert isinstance(network, PlainNetwork | ConditionedNetwork)
        for layer, names in zip(
            network.layers, _names(who, len(network.layers), continuous), strict=True
        ):
            assert isinstance(layer, Linear | GeneratedLinear | FilmLinear)
            named |= _name_layer(layer, *names)
    if policy.log_standard_deviation is not None:
        named["dist.logstd"] = policy.log_standard_deviation
    return named


def generated_arrays(policy: ActorCritic, latent: Float[Array, "sample latent"]) -> list[Array]:
    """What is generated for every sample, as recorded: the critic's first, each matrix with its
    `(outputs, inputs)` in one row, and of FiLM layers the shift before the scale, but in the head
    after it."""
    codes = policy.latent_embedding(latent)
    arrays = []
    for network in (policy.critic, policy.actor):
        assert isinstance(network, ConditionedNetwork)
        for layer in network.layers:
            if isinstance(layer, GeneratedLinear):
                weight, bias = jax.vmap(layer.generate)(codes)
                arrays += [weight.transpose(0, 2, 1).reshape(len(latent), -1), bias]
            elif isinstance(layer, FilmLinear):
                scale, shift = layer.modulation(codes)
                arrays += [scale, shift] if layer is network.layers[-1] else [shift, scale]
    return arrays


def _names(who: str, layers: int, continuous: bool) -> list[tuple[str, str, str]]:
    """Of every layer, the names of the layer itself and of the heads of its weight and its bias."""
    start = f"hyper_final_to_{who}"
    hidden = [
        (f"{who}_layers.{number}", f"{start}_weight.{number}", f"{start}_bias.{number}")
        for number in range(layers - 1)
    ]
    head = {"critic": "critic_linear", "actor": "dist.fc_mean" if continuous else "dist.linear"}
    return [*hidden, (head[who], f"{start}_linear_weight", f"{start}_linear_bias")]


def _load_network(named: Named, who: str) -> Network:
    starts = (f"{who}_layers.", f"hyper_final_to_{who}_weight.")
    numbers = {name.split(".")[1] for name in named if name.startswith(starts)}
    names = _names(who, len(numbers) + 1, "dist.logstd" in named)
    layers = tuple(_load_layer(named, *triple) for triple in names)
    plain = tuple(layer for layer in layers if isinstance(layer, Linear))
    return PlainNetwork(plain) if plain == layers else ConditionedNetwork(layers)


def _load_layer(
    named: Named, name: str, weight: str, bias: str
) -> Linear | GeneratedLinear | FilmLinear:
    if f"{weight}.weight" not in named:
        return load_linear(named, name)
    weight_head, bias_head = _load_head(named, weight), _load_head(named, bias)
    if f"{name}.weight" in named:
        return FilmLinear(named[f"{name}.weight"].T, weight_head, bias_head)
    hyper, outputs = bias_head.shape
    # A generated matrix is recorded row by row as (outputs, inputs).
    basis = weight_head.reshape(hyper, outputs, -1).transpose(2, 0, 1)
    return GeneratedLinear(basis, bias_head)


def _name_layer(
    layer: Linear | GeneratedLinear | FilmLinear, name: str, weight: str, bias: str
) -> Named:
    if isinstance(layer, Linear):
        return name_linear(name, layer)
    if isinstance(layer, FilmLinear):
        heads = _name_head(weight, layer.scale_basis) | _name_head(bias, layer.shift_basis)
        return {f"{name}.weight": layer.weight.T} | heads
    hyper = layer.basis.shape[1]
    basis = layer.basis.transpose(1, 2, 0).reshape(hyper, -1)
    return _name_head(weight, basis) | _name_head(bias, layer.bias_basis)


def _load_head(named: Named, name: str) -> Float[Array, "hyper outputs"]:
    return jnp.concatenate([named[f"{name}.weight"].T, named[f"{name}.bias"][None]])


def _name_head(name: str, head: Float[Array, "hyper outputs"]) -> Named:
    return {f"{name}.weight": head[:-1].T, f"{name}.bias": head[-1]}
