"""What transformers share: attention with several heads, and layer normalisation."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from splagger.foundation.initialisers import uniform_fan_in, uniform_glorot
from splagger.foundation.linear import Linear

_SCORES_AT_ONCE = 2**24


class LayerNorm(eqx.Module):
    """Standardises the last dimension, then scales and shifts it (Ba et al. 2016)."""

    scale: Float[Array, " width"]
    """Multiplies every standardised number; starts at 1."""
    shift: Float[Array, " width"]
    """Added to it; starts at 0."""

    @classmethod
    def create(cls, width: int) -> "LayerNorm":
        """Changes nothing but mean and variance at first."""
        return cls(jnp.ones(width, float), jnp.zeros(width, float))

    def __call__(self, x: Float[Array, "*batch width"]) -> Float[Array, "*batch width"]:
        """Normalises; 1e-5 is added to the variance."""
        centred = x - jnp.mean(x, axis=-1, keepdims=True)
        variance = jnp.mean(centred**2, axis=-1, keepdims=True)
        return centred * jax.lax.rsqrt(variance + 1e-5) * self.scale + self.shift


class Attention(eqx.Module):
    """Attention with several heads (Vaswani et al. 2017), in two halves.

    `divide` gives the queries, keys and values of tokens, and `merge` goes from what `attend` makes
    of them back to tokens. Between the two, positions may be added and memories put in.
    """

    from_tokens: Linear
    """Maps tokens to queries, keys and values, stacked in this order: `[width, 3 * width]`."""
    to_tokens: Linear
    """Maps the heads' outputs, side by side, to tokens: `[width, width]`."""
    heads: int = eqx.field(static=True)
    """How many heads, a divisor of the width."""

    @classmethod
    def create(cls, key: PRNGKeyArray, width: int, heads: int) -> "Attention":
        """Draws initial parameters: the stacked matrix by Glorot, the other uniform on ±1/√width,
        biases zero (PyTorch's defaults, as published)."""
        from_key, to_key = jax.random.split(key)
        return cls(
            from_tokens=Linear.create(from_key, width, 3 * width, uniform_glorot),
            to_tokens=Linear.create(to_key, width, width, uniform_fan_in),
            heads=heads,
        )

    def divide(
        self, tokens: Float[Array, "*batch token width"]
    ) -> tuple[
        Float[Array, "*batch token head feature"],
        Float[Array, "*batch token head feature"],
        Float[Array, "*batch token head feature"],
    ]:
        """Queries, keys and values of every token."""
        stacked = self.from_tokens(tokens)
        parts = stacked.reshape(*stacked.shape[:-1], 3, self.heads, -1)
        return parts[..., 0, :, :], parts[..., 1, :, :], parts[..., 2, :, :]

    def merge(
        self, attended: Float[Array, "*batch token head feature"]
    ) -> Float[Array, "*batch token width"]:
        """One token of all heads' outputs."""
        return self.to_tokens(attended.reshape(*attended.shape[:-2], -1))


def attend(
    queries: Float[Array, "*batch query head feature"],
    keys: Float[Array, "*batch key head feature"],
    values: Float[Array, "*batch key head feature"],
    visible: Bool[Array, "*batch #query key"],
) -> Float[Array, "*batch query head feature"]:
    """Means of values, weighted by the softmax of `query · key / √feature`.

    Only some heads of some items of the batch are computed at once, and no scores are kept for the
    backward pass, which computes them again: memory does not grow with the batch. On a CPU it goes
    from one head to the next, which is also the fastest: XLA's batched products are slow there.

    **Arguments:**

    - `queries`, `keys`, `values`: of every head. They must be finite, also where not visible.
    - `visible`: the keys that a query's softmax is over, at least one for every query.
    """
    *batch, _, heads, feature = queries.shape
    items = math.prod(batch)

    def by_head(x):
        moved = jnp.swapaxes(x.reshape(items, *x.shape[-3:]), 1, 2)
        return moved.reshape(items * heads, *moved.shape[2:])

    visible = visible.reshape(items, *visible.shape[-2:])

    @jax.checkpoint
    def attend_head(arguments):
        queries, keys, values, item = arguments
        scores = (queries @ keys.T) * feature**-0.5
        return jax.nn.softmax(jnp.where(visible[item], scores, -jnp.inf), axis=-1) @ values

    attended = jax.lax.map(
        attend_head,
        (by_head(queries), by_head(keys), by_head(values), jnp.repeat(jnp.arange(items), heads)),
        batch_size=_heads_at_once(queries.shape[-3] * keys.shape[-3]),
    )
    moved = attended.reshape(items, heads, -1, feature)
    return jnp.swapaxes(moved, 1, 2).reshape(queries.shape)


def _heads_at_once(scores: int) -> int | None:
    """How many heads of so many scores each are computed together; None for one by one."""
    return None if jax.default_backend() == "cpu" else max(1, _SCORES_AT_ONCE // scores)
