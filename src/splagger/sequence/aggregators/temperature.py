"""Exponential weights with a temperature, fixed or learned."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from splagger.foundation.aggregator_settings import SMALLEST_TEMPERATURE


class Temperature(eqx.Module):
    """Turns scores into weights `exp((score - 2) / temperature)`.

    The shift bounds the weight of scores up to 1 by `exp(-1 / temperature)`, so that sums of many
    stay small. A temperature is at least 0.04: below it the smallest sum of weights is no number
    that 32 bits can hold.
    """

    value: float | None = eqx.field(static=True)
    """A fixed temperature; None: it is learned."""
    logarithm: Float[Array, ""] | None
    """The logarithm of a learned one, which stays positive so; None: it is fixed."""

    @classmethod
    def create(cls, value: float, *, learned: bool) -> "Temperature":
        """A temperature that is fixed, as the published experiments had it (Q17), or learned."""
        if learned:
            return cls(None, jnp.log(jnp.asarray(value, float)))
        return cls(value, None)

    def _current(self) -> Float[Array, ""] | float:
        if self.logarithm is not None:
            return jnp.maximum(jnp.exp(self.logarithm), SMALLEST_TEMPERATURE)
        assert self.value is not None
        return self.value

    def weights(self, scores: Float[Array, "*batch size"]) -> Float[Array, "*batch size"]:
        """The weights, above 0."""
        return jnp.exp((scores - 2) / self._current())

    @property
    def smallest_sum(self) -> Float[Array, ""]:
        """The least that a sum of weights is divided by: the weight of the score -1. It gets no
        gradient."""
        return jax.lax.stop_gradient(jnp.exp(jnp.asarray(-3 / self._current())))
