"""The running mean with a learned prior."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from splagger.sequence.aggregators.straight_through import divide
from splagger.sequence.aggregators.sums import SumAggregator, count


class PriorMean(SumAggregator):
    """The mean of the inputs and of a learned prior: `m_t = (w m_0 + sum_i z_i) / (w + t)`.

    The aggregator of MATE (arXiv 2605.17431). The prior is the start element, as if `w` inputs
    `m_0` had been seen before the first one. Elements are `(sum, number)`.
    """

    prior: Float[Array, " size"]
    """The mean `m_0` before any input."""
    log_weight: Float[Array, ""]
    """The logarithm of `w`, the number of inputs that the prior counts for, which stays positive
    so."""
    straight_through: bool = eqx.field(static=True, default=False)
    """Whether gradients pass to all inputs undivided (AMRL)."""

    @classmethod
    def create(cls, size: int, weight: float, *, straight_through: bool = False) -> "PriorMean":
        """A prior of zeros that counts for `weight` inputs, above 0, of width `size`."""
        log_weight = jnp.log(jnp.asarray(weight, float))
        return cls(jnp.zeros(size, float), log_weight, straight_through)

    def widths(self, size: int) -> tuple[int, ...]:
        return (size, 1)

    def start(self, size: int) -> tuple[Array, ...]:
        assert self.prior.shape == (size,)
        weight = jnp.exp(self.log_weight)
        return weight * self.prior, weight[None]

    def lift(self, u):
        return u, count(u)

    def read(self, element):
        total, number = element
        return divide(total, number, straight_through=self.straight_through)
