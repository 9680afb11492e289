"""A network of the observation, some layers of which depend on a code of the latent."""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.foundation.linear import Linear
from splagger.policies.hyper_initialisation import HeadInitialisers
from splagger.policies.layer_start import LayerStart
from splagger.policies.network import Network


class ConditionedLayer(eqx.Module):
    """A linear layer that is another one for every code."""

    @classmethod
    @abc.abstractmethod
    def create(
        cls,
        key: PRNGKeyArray,
        inputs: int,
        outputs: int,
        code_size: int,
        start: LayerStart,
        heads: HeadInitialisers,
    ) -> "ConditionedLayer":
        """Draws initial parameters.

        **Arguments:**

        - `key`: randomness.
        - `inputs`, `outputs`, `code_size`: sizes of the layer and of the code.
        - `start`: how an ordinary layer in its place would start.
        - `heads`: what the heads make of it.
        """

    @abc.abstractmethod
    def __call__(
        self, x: Float[Array, "*batch inputs"], code: Float[Array, "*batch code"]
    ) -> Float[Array, "*batch outputs"]:
        """Applies every sample's own layer, without writing its weights out."""

    @abc.abstractmethod
    def generate(
        self, code: Float[Array, " code"]
    ) -> tuple[Float[Array, "inputs outputs"], Float[Array, " outputs"]]:
        """Writes out the weight and bias for one code: to look at, and to test the fast path."""

    @property
    @abc.abstractmethod
    def generated_weights(self) -> int:
        """How many numbers one code generates."""


class ConditionedNetwork(Network):
    """A base network of the observation, conditioned on the code layer by layer.

    With generated layers it is a hypernetwork's base network, with FiLM layers a modulated one.
    """

    layers: tuple[ConditionedLayer | Linear, ...]
    """The hidden layers, each followed by tanh, and the head. An ordinary one ignores the code."""

    def __call__(self, observation, condition):
        x = observation
        for layer in self.layers[:-1]:
            x = jnp.tanh(_apply(layer, x, condition))
        return _apply(self.layers[-1], x, condition)

    @property
    def generated_weights(self) -> int:
        """How many numbers one code generates in all layers."""
        return sum(
            layer.generated_weights for layer in self.layers if isinstance(layer, ConditionedLayer)
        )


def with_one(code: Float[Array, "*batch code"]) -> Float[Array, "*batch hyper"]:
    """The code with a 1 at its end, which the biases of heads are multiplied with."""
    ones = jnp.ones((*code.shape[:-1], 1), code.dtype)
    return jnp.concatenate([code, ones], axis=-1)


def _apply(layer, x, code):
    return layer(x) if isinstance(layer, Linear) else layer(x, code)
