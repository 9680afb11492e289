"""How much the order of a sequence matters to the output after it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from splagger.analysis.norms import norm, unit
from splagger.analysis.sequences import InputKind, draw_sequence, unroll_from_start
from splagger.learning.sweep import over_members
from splagger.sequence.split_aggregator import SplitAggregator

REPEATS = 5
"""How many sequences an average is over, as published."""


@eqx.filter_jit
def permutation_difference(
    models: SplitAggregator,
    keys: Key[Array, " agent"],
    *,
    kind: InputKind,
    steps: int,
    repeats: int = REPEATS,
) -> Float[Array, "agent step"]:
    """The distance between the outputs, scaled to norm 1, after x_0 ... x_t and after the same in
    random order. From 0, where order does not matter, to 2.

    **Arguments:**

    - `models`: arrays `[agent, ...]`.
    - `keys`: randomness of each agent's sequences and permutations.
    - `kind`: of sequences.
    - `steps`: their length.
    - `repeats`: how many sequences to average over, each with a permutation for every step.
    """

    def one(model: SplitAggregator, key: Key[Array, ""]) -> Float[Array, " step"]:
        def on_one_sequence(key):
            sequence_key, order_key = jax.random.split(key)
            xs = draw_sequence(kind, sequence_key, steps, model.embedding.size)
            return difference_on(model, xs, permuted_prefixes(order_key, steps))

        return jnp.mean(jax.lax.map(on_one_sequence, jax.random.split(key, repeats)), axis=0)

    return over_members(one, "in-turn")(models, keys)


def permuted_prefixes(key: Key[Array, ""], steps: int) -> Int[Array, "prefix time"]:
    """For every t a uniformly random order of 0 ... t; after it the later steps as they were."""
    time = jnp.arange(steps)
    draws = jax.random.uniform(key, (steps, steps), float)
    return jnp.argsort(jnp.where(time <= time[:, None], draws, 1 + time), axis=-1)


def difference_on(
    model: SplitAggregator,
    xs: Float[Array, "time embedded"],
    orders: Int[Array, "prefix time"],
) -> Float[Array, " prefix"]:
    """The distance between the scaled outputs of one agent after x_0 ... x_t, in their order and
    in that of `orders[t]`.

    All prefixes are one batch: each is unrolled to the end, and its output at t is taken.
    """
    # The sequence itself comes first, in the same batch, so that both are rounded in the same way.
    sequences = jnp.concatenate([xs[None], xs[orders]])
    latents = unroll_from_start(model, jnp.swapaxes(sequences, 0, 1))
    time = jnp.arange(len(xs))
    return norm(unit(latents[:, 0]) - unit(latents[time, 1 + time]))
