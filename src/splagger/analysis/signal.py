"""How well an early signal can be told from the noise after it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from splagger.analysis.gradients import gradients_on
from splagger.analysis.norms import norm
from splagger.analysis.permutation import REPEATS
from splagger.analysis.sequences import (
    InputKind,
    draw_opposites,
    draw_sequence,
    unroll_from_start,
)
from splagger.learning.sweep import over_members
from splagger.sequence.split_aggregator import SplitAggregator

Outputs = Float[Array, "step repeat latent"]

_SMALLEST = 1e-30  # below it, what is divided by counts as this


class SignalQuantities(eqx.Module):
    """What the outputs y_t after sequences of signal and of noise are like."""

    signal_power: Float[Array, "*agent step"]
    """The mean of y² after a signal, over components and sequences, all biases zero."""
    noise_power: Float[Array, "*agent step"]
    """The same after noise."""
    signal_to_noise_ratio: Float[Array, "*agent step"]
    """The one over the other."""
    output_norm: Float[Array, "*agent step"]
    """The norm of y, its mean over sequences."""
    normalised_norm: Float[Array, "*agent step"]
    """For one sequence, how far the norm of y is from its mean over time, relative to that."""
    signal_noise_distance: Float[Array, "*agent step"]
    """The mean of (y after signal - y after noise)², over components and sequences."""
    inverse_variance: Float[Array, "*agent step"]
    """One over the variance, over sequences of noise, of the mean of y's components."""
    decorrelation: Float[Array, "*agent step"]
    """1 - the correlation of y after opposite first inputs and equal random ones after them, over
    sequences; its mean over components. Components that do not vary count as uncorrelated."""
    gradient_times_ratio: Float[Array, "*agent step"]
    """The initial-input gradient times the signal-to-noise ratio."""


@eqx.filter_jit
def signal_quantities(
    models: SplitAggregator,
    keys: Key[Array, " agent"],
    *,
    kind: InputKind,
    steps: int,
    repeats: int = REPEATS,
) -> SignalQuantities:
    """The quantities of several agents, each on sequences of its own.

    **Arguments:**

    - `models`: arrays `[agent, ...]`.
    - `keys`: randomness of each agent's sequences.
    - `kind`: of the sequences for the norms and the gradient. A strong signal is the signal of all
        other quantities too.
    - `steps`: the length of sequences.
    - `repeats`: how many of a kind, at least 2.

    **Returns:** quantities `[agent, step]`.
    """

    def one(model: SplitAggregator, key: Key[Array, ""]) -> SignalQuantities:
        return _of_one(model, key, kind, steps, repeats)

    return over_members(one, "in-turn")(models, keys)


def without_biases(model: SplitAggregator) -> SplitAggregator:
    """The same model with zeros for all that linear layers (`bias`) and normalisations (`shift`)
    add."""

    def zero(path, leaf):
        is_bias = getattr(path[-1], "name", None) in ("bias", "shift")
        return jnp.zeros_like(leaf) if is_bias else leaf

    return jax.tree_util.tree_map_with_path(zero, model)


def power(outputs: Outputs) -> Float[Array, " step"]:
    """The mean square over sequences and components."""
    return jnp.mean(outputs**2, axis=(1, 2))


def correlation(first: Outputs, second: Outputs) -> Float[Array, "step latent"]:
    """The correlation over sequences, from -1 to 1; 0 where one of the two does not vary beyond
    rounding."""
    product = jnp.mean(_centred(first) * _centred(second), axis=1)
    deviations = jnp.std(first, axis=1) * jnp.std(second, axis=1)
    varies = _varies(first) & _varies(second)
    return jnp.where(varies, product / jnp.where(varies, deviations, 1), 0)


def _centred(outputs: Outputs) -> Outputs:
    return outputs - jnp.mean(outputs, axis=1, keepdims=True)


def _varies(outputs: Outputs) -> Bool[Array, "step latent"]:
    rounding = 10 * jnp.finfo(outputs.dtype).eps * jnp.max(jnp.abs(outputs), axis=1)
    return jnp.std(outputs, axis=1) > rounding


def _of_one(
    model: SplitAggregator, key: Key[Array, ""], kind: InputKind, steps: int, repeats: int
) -> SignalQuantities:
    size = model.embedding.size
    noise_key, signal_key, opposites_key = jax.random.split(key, 3)

    def draw(draw_one, key):
        drawn = jax.vmap(draw_one)(jax.random.split(key, repeats))
        return jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), drawn)

    signal_kind: InputKind = "signal" if kind == "noise" else kind
    noise = draw(lambda key: draw_sequence("noise", key, steps, size), noise_key)
    signal = draw(lambda key: draw_sequence(signal_kind, key, steps, size), signal_key)
    opposites = draw(lambda key: draw_opposites(key, steps, size), opposites_key)

    unbiased = without_biases(model)
    signal_power = power(unroll_from_start(unbiased, signal))
    noise_power = power(unroll_from_start(unbiased, noise))
    ratio = signal_power / jnp.maximum(noise_power, _SMALLEST)

    after_noise, after_signal = unroll_from_start(model, noise), unroll_from_start(model, signal)
    norms = norm(after_noise if kind == "noise" else after_signal)
    average = jnp.mean(norms[:, 0])
    variance = jnp.var(jnp.mean(after_noise, axis=-1), axis=1)
    first, second = (unroll_from_start(model, xs) for xs in opposites)
    gradient = gradients_on(model, (noise if kind == "noise" else signal)[:, 0])
    return SignalQuantities(
        signal_power=signal_power,
        noise_power=noise_power,
        signal_to_noise_ratio=ratio,
        output_norm=jnp.mean(norms, axis=1),
        normalised_norm=(norms[:, 0] - average) / jnp.maximum(average, _SMALLEST),
        signal_noise_distance=jnp.mean((after_signal - after_noise) ** 2, axis=(1, 2)),
        inverse_variance=1 / jnp.maximum(variance, _SMALLEST),
        decorrelation=jnp.mean(1 - correlation(first, second), axis=-1),
        gradient_times_ratio=gradient.initial_input_gradient * ratio,
    )
