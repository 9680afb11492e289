"""The running mean of one half, the running maximum of the other."""

import equinox as eqx
import jax.numpy as jnp

from splagger.sequence.aggregators.aggregator import Aggregator
from splagger.sequence.aggregators.max import Max
from splagger.sequence.aggregators.mean import Mean


class MeanMax(Aggregator):
    """Averages the first half of its input and takes the maximum, from 0, of the second.

    The width must be even. Elements are `(sum, maximum, number)`.
    """

    straight_through: bool = eqx.field(static=True, default=False)
    """Whether gradients pass to all inputs, undivided (AMRL)."""

    @property
    def _mean(self) -> Mean:
        return Mean(self.straight_through)

    @property
    def _max(self) -> Max:
        return Max(straight_through=self.straight_through)

    def identity(self, size: int):
        total, number = self._mean.identity(size // 2)
        return total, self._max.identity(size // 2), number

    def start(self, size: int):
        total, number = self._mean.start(size // 2)
        return total, self._max.start(size // 2), number

    def lift(self, u):
        averaged, largest = jnp.split(u, 2, axis=-1)
        total, number = self._mean.lift(averaged)
        return total, self._max.lift(largest), number

    def combine(self, first, second):
        total, number = self._mean.combine((first[0], first[2]), (second[0], second[2]))
        return total, self._max.combine(first[1], second[1]), number

    def read(self, element):
        total, largest, number = element
        return jnp.concatenate([self._mean.read((total, number)), self._max.read(largest)], axis=-1)
