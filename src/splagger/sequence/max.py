"""The running maximum."""

from typing import Literal

import equinox as eqx
import jax.numpy as jnp

from splagger.sequence.aggregator import Aggregator

_LOW = -999999.0


class Max(Aggregator):
    """Element-wise maximum over the trial: the aggregator of SplAgger."""

    starts_at: Literal["zero", "low"] = eqx.field(static=True, default="zero")
    """The start element: 0, as in the paper, so that negative inputs never pass (Q27); or so low
    that every input does."""

    def identity(self, size):
        return jnp.full(size, -jnp.inf, float)

    def start(self, size):
        return jnp.full(size, 0.0 if self.starts_at == "zero" else _LOW, float)

    def lift(self, u):
        return u

    def combine(self, first, second):
        return jnp.maximum(first, second)

    def read(self, element):
        return element
