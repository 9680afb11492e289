"""The running maximum."""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp

from splagger.sequence.aggregators.aggregator import Aggregator
from splagger.sequence.aggregators.straight_through import divide, maximum

_LOW = -999999.0
_SMALLEST_NORM = 0.1


class Max(Aggregator):
    """Element-wise maximum over the trial: the aggregator of SplAgger."""

    starts_at: Literal["zero", "low"] = eqx.field(static=True, default="zero")
    """The start element: 0, as in the paper, so that negative inputs never pass (Q27); or so low
    that every input does."""
    normalised: bool = eqx.field(static=True, default=False)
    """Whether the output is the maximum over its norm, which is taken to be at least 0.1 and gets
    no gradient."""
    straight_through: bool = eqx.field(static=True, default=False)
    """Whether gradients pass to all inputs instead of the largest (AMRL)."""

    def identity(self, size):
        return jnp.full(size, -jnp.inf, float)

    def start(self, size):
        return jnp.full(size, 0.0 if self.starts_at == "zero" else _LOW, float)

    def lift(self, u):
        return u

    def combine(self, first, second):
        return maximum(first, second, straight_through=self.straight_through)

    def read(self, element):
        if not self.normalised:
            return element
        fixed = jax.lax.stop_gradient(element)
        norm = jnp.maximum(jnp.linalg.norm(fixed, axis=-1, keepdims=True), _SMALLEST_NORM)
        return divide(element, norm, straight_through=self.straight_through)
