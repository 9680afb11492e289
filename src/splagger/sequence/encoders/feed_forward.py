"""An encoder without recurrence."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from splagger.foundation.linear import Linear
from splagger.sequence.encoders.encoder import Encoder


class FeedForward(Encoder):
    """One linear layer with tanh for every transition alone, so that the encoder ignores order."""

    size: int = eqx.field(static=True)
    """Width of the output."""
    layer: Linear
    """The layer."""

    @classmethod
    def create(cls, key: PRNGKeyArray, inputs: int, size: int) -> "FeedForward":
        """Draws initial parameters, uniform on ±1/√inputs."""
        return cls(size, Linear.create(key, inputs, size))

    def start(self) -> tuple[Array, ...]:
        return ()

    def project(self, x):
        return jnp.tanh(self.layer(x))

    def advance(self, state, projected):
        return state, projected

    def unroll(self, state, fresh, xs, starts):
        del fresh, starts
        return state, self.project(xs)
