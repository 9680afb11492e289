"""The interface of actor and critic networks, and the plain one."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.foundation.initialisers import TANH_GAIN, Initialiser, normalised_columns
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
    """Ordinary layers with tanh, over observation and latent side by side."""

    layers: tuple[Linear, ...]
    """The hidden layers and the head."""

    @classmethod
    def create(
        cls,
        key: PRNGKeyArray,
        observation_size: int,
        condition_size: int,
        hidden_sizes: tuple[int, ...],
        outputs: int,
        head: Initialiser | None,
    ) -> "PlainNetwork":
        """Draws initial parameters.

        **Arguments:**

        - `key`: randomness.
        - `observation_size`, `condition_size`: sizes of the two inputs.
        - `hidden_sizes`: widths of the hidden layers; their weights start with norm 5/3 per
            neuron and zero biases.
        - `outputs`: size of the output.
        - `head`: initialiser of the last layer, as in `Linear.create`.
        """
        keys = jax.random.split(key, len(hidden_sizes) + 1)
        sizes = (observation_size + condition_size, *hidden_sizes)
        hidden = [
            Linear.create(k, inputs, size, normalised_columns(TANH_GAIN))
            for k, inputs, size in zip(keys, sizes, hidden_sizes, strict=False)
        ]
        return cls((*hidden, Linear.create(keys[-1], sizes[-1], outputs, head)))

    def __call__(self, observation, condition):
        x = jnp.concatenate([observation, condition], axis=-1)
        for layer in self.layers[:-1]:
            x = jnp.tanh(layer(x))
        return self.layers[-1](x)
