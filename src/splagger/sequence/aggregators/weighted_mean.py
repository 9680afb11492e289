"""Running means with weights."""

import equinox as eqx
import jax
import jax.numpy as jnp

from splagger.sequence.aggregators.straight_through import divide
from splagger.sequence.aggregators.sums import SumAggregator
from splagger.sequence.aggregators.temperature import Temperature

_SMALLEST_SUM = 0.1


class WeightedMean(SumAggregator):
    """The mean of the first half of the inputs, weighted by the second half.

    Its output is half as wide as its input, whose width must be even. Elements are
    `(weighted sum, sum of weights)`. Only when they are divided, the sum of weights is taken to be
    at least 0.1, or with a temperature the weight of the score -1.
    """

    temperature: Temperature | None
    """Of exponential weights; None for softplus weights."""
    straight_through: bool = eqx.field(static=True, default=False)
    """Whether gradients pass to all weighted inputs undivided (AMRL)."""

    def output_size(self, size: int) -> int:
        return size // 2

    def widths(self, size: int) -> tuple[int, ...]:
        return (size // 2, size // 2)

    def lift(self, u):
        value, score = jnp.split(u, 2, axis=-1)
        if self.temperature is None:
            weight = jax.nn.softplus(score)
        else:
            weight = self.temperature.weights(score)
        return value * weight, weight

    def read(self, element):
        smallest = _SMALLEST_SUM if self.temperature is None else self.temperature.smallest_sum
        return _quotient(element, smallest, self.straight_through)


class Softmax(SumAggregator):
    """The mean of the inputs, weighted by the exponentials of the inputs themselves.

    Between a mean, at a high temperature, and a maximum, at a low one. Elements are
    `(weighted sum, sum of weights)`.
    """

    temperature: Temperature
    """How far it is from a maximum."""
    straight_through: bool = eqx.field(static=True, default=False)
    """Whether gradients pass to all weighted inputs undivided (AMRL)."""

    def widths(self, size: int) -> tuple[int, ...]:
        return (size, size)

    def lift(self, u):
        weight = self.temperature.weights(u)
        return u * weight, weight

    def read(self, element):
        return _quotient(element, self.temperature.smallest_sum, self.straight_through)


def _quotient(element, smallest, straight_through: bool):
    total, weights = element
    return divide(total, jnp.maximum(weights, smallest), straight_through=straight_through)
