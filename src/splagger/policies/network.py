"""The interface of actor and critic networks, and the plain one."""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from splagger.foundation.linear import Linear


class Network(eqx.Module):
    """A network of an observation, conditioned on a latent."""

    @abc.abstractmethod
    def __call__(
        self,
        observation: Float[Array, "*batch observation"],
        condition: Float[Array, "*batch condition"],
    ) -> Float[Array, "*batch outputs"]:
        """Computes the outputs from the embedded observation and the embedded latent."""


class PlainNetwork(Network):
    """Ordinary layers, over observation and latent side by side."""

    layers: tuple[Linear, ...]
    """The hidden layers, each followed by tanh, and the head."""

    def __call__(self, observation, condition):
        x = jnp.concatenate([observation, condition], axis=-1)
        for layer in self.layers[:-1]:
            x = jnp.tanh(layer(x))
        return self.layers[-1](x)
