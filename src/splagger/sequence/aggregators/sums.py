"""Aggregators whose elements are added: the sum, and all kinds of means."""

import abc

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from splagger.sequence.aggregators.aggregator import Aggregator


class SumAggregator(Aggregator):
    """A monoid of arrays under addition: its identity and its start are zeros."""

    @abc.abstractmethod
    def widths(self, size: int) -> tuple[int, ...]:
        """Widths of the arrays that are added, for inputs of `size`."""

    def identity(self, size: int) -> tuple[Array, ...]:
        return tuple(jnp.zeros(width, float) for width in self.widths(size))

    def start(self, size: int) -> tuple[Array, ...]:
        return self.identity(size)

    def combine(self, first, second):
        return jax.tree.map(jnp.add, first, second)


class Sum(SumAggregator):
    """The running sum."""

    def widths(self, size: int) -> tuple[int, ...]:
        return (size,)

    def lift(self, u):
        return (u,)

    def read(self, element):
        return element[0]


def count(u: Float[Array, "*batch input"]) -> Float[Array, "*batch 1"]:
    """What one input adds to the number of inputs."""
    return jnp.ones_like(u, shape=(*u.shape[:-1], 1))
