"""The product of Gaussian factors."""

import equinox as eqx
import jax
import jax.numpy as jnp

from splagger.sequence.aggregators.straight_through import divide
from splagger.sequence.aggregators.sums import SumAggregator

_SMALLEST_PRECISION = 0.1


class GaussianProduct(SumAggregator):
    """Multiplies one Gaussian factor an input, as PEARL does (Rakelly et al. 2019).

    The first half of the input are means, the second half precisions before a softplus; the width
    must be even. The output is the mean and the logarithm of the variance of the product, whose
    precision is taken to be at least 0.1. There is no prior factor. Elements are
    `(precision-weighted mean, precision)`.
    """

    straight_through: bool = eqx.field(static=True, default=False)
    """Whether gradients pass to all weighted means undivided (AMRL)."""

    def widths(self, size: int) -> tuple[int, ...]:
        return (size // 2, size // 2)

    def lift(self, u):
        mean, score = jnp.split(u, 2, axis=-1)
        precision = jax.nn.softplus(score)
        return mean * precision, precision

    def read(self, element):
        weighted, precision = element
        precision = jnp.maximum(precision, _SMALLEST_PRECISION)
        mean = divide(weighted, precision, straight_through=self.straight_through)
        return jnp.concatenate([mean, -jnp.log(precision)], axis=-1)
