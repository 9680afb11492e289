"""A network whose weights are generated from the latent by a hypernetwork."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.foundation.initialisers import TANH_GAIN, Initialiser, normalised_columns
from splagger.policies.generated_product import generated_product
from splagger.policies.network import Network


class GeneratedLinear(eqx.Module):
    """A linear layer of the base network, with the hypernetwork's heads that generate it.

    With `c = [e, 1]` for the code `e` of a sample, its weight is `sum_k c_k basis[:, k]` and its
    bias `sum_k c_k bias_basis[k]`: the last index holds the biases of the heads.
    """

    basis: Float[Array, "inputs hyper outputs"]
    """Parameters of the head that generates the weight."""
    bias_basis: Float[Array, "hyper outputs"]
    """Parameters of the head that generates the bias."""

    @classmethod
    def bias_initialised(
        cls,
        weight: Float[Array, "inputs outputs"],
        bias: Float[Array, " outputs"],
        code_size: int,
    ) -> "GeneratedLinear":
        """Bias-HyperInit: every code generates the given weight and bias at first.

        The heads' own weights are zero, so the latent has no influence before they have moved
        (Beck et al. 2022, arXiv 2210.11348).
        """
        inputs, outputs = weight.shape
        basis = jnp.zeros((inputs, code_size + 1, outputs), float).at[:, -1].set(weight)
        bias_basis = jnp.zeros((code_size + 1, outputs), float).at[-1].set(bias)
        return cls(basis, bias_basis)

    def __call__(
        self, x: Float[Array, "*batch inputs"], code: Float[Array, "*batch code"]
    ) -> Float[Array, "*batch outputs"]:
        """Applies every sample's own layer, without writing its weights out."""
        ones = jnp.ones((*code.shape[:-1], 1), code.dtype)
        code = jnp.concatenate([code, ones], axis=-1)
        flat_x = x.reshape(-1, x.shape[-1])
        flat_code = code.reshape(-1, code.shape[-1])
        y = generated_product(flat_x, flat_code, self.basis) + flat_code @ self.bias_basis
        return y.reshape(*x.shape[:-1], y.shape[-1])

    def generate(
        self, code: Float[Array, " code"]
    ) -> tuple[Float[Array, "inputs outputs"], Float[Array, " outputs"]]:
        """Writes out the weight and bias for one code: to look at, and to test the fast path."""
        code = jnp.append(code, 1)
        return jnp.einsum("k,iko->io", code, self.basis), code @ self.bias_basis


class HypernetworkNetwork(Network):
    """A base network of the observation, every layer generated from the latent."""

    layers: tuple[GeneratedLinear, ...]
    """The hidden layers and the head."""

    @classmethod
    def create(
        cls,
        key: PRNGKeyArray,
        observation_size: int,
        condition_size: int,
        hidden_sizes: tuple[int, ...],
        outputs: int,
        head: Initialiser,
        head_bias_bound: float,
    ) -> "HypernetworkNetwork":
        """Draws initial parameters by Bias-HyperInit.

        **Arguments:**

        - `key`: randomness.
        - `observation_size`, `condition_size`: sizes of the base network's input and of the code.
        - `hidden_sizes`: widths of the base network's hidden layers; their first weights have
            norm 5/3 per neuron and zero biases.
        - `outputs`: size of the output.
        - `head`: initialiser of the weight that the head starts with.
        - `head_bias_bound`: the head's first bias is uniform on ± this (Q9); 0 for a zero bias.
        """
        keys = jax.random.split(key, len(hidden_sizes) + 2)
        layers = []
        size = observation_size
        for layer_key, hidden in zip(keys, hidden_sizes, strict=False):
            weight = normalised_columns(TANH_GAIN)(layer_key, size, hidden)
            layers.append(
                GeneratedLinear.bias_initialised(weight, jnp.zeros(hidden, float), condition_size)
            )
            size = hidden
        weight = head(keys[-2], size, outputs)
        bias = jax.random.uniform(keys[-1], (outputs,), float, -head_bias_bound, head_bias_bound)
        layers.append(GeneratedLinear.bias_initialised(weight, bias, condition_size))
        return cls(tuple(layers))

    def __call__(self, observation, condition):
        x = observation
        for layer in self.layers[:-1]:
            x = jnp.tanh(layer(x, condition))
        return self.layers[-1](x, condition)

    @property
    def generated_weights(self) -> int:
        """How many weights and biases one code generates."""
        return sum(
            math.prod((layer.basis.shape[0] + 1, layer.basis.shape[2])) for layer in self.layers
        )
