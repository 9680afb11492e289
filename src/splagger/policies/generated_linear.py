"""A linear layer whose weight and bias a hypernetwork generates."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from splagger.foundation.device_mesh import by_device
from splagger.policies.conditioned_network import ConditionedLayer, with_one
from splagger.policies.generated_product import generated_product


class GeneratedLinear(ConditionedLayer):
    """A linear layer of the base network, with the hypernetwork's heads that generate it.

    With `c = [e, 1]` for the code `e` of a sample, its weight is `sum_k c_k basis[:, k]` and its
    bias `sum_k c_k bias_basis[k]`: the last index holds the biases of the heads.
    """

    basis: Float[Array, "inputs hyper outputs"]
    """Parameters of the head that generates the weight."""
    bias_basis: Float[Array, "hyper outputs"]
    """Parameters of the head that generates the bias."""

    @classmethod
    def create(cls, key, inputs, outputs, code_size, start, heads) -> "GeneratedLinear":
        weight_key, bias_key = jax.random.split(key)
        basis = heads.weight(weight_key, code_size, start.weight(inputs, outputs))
        bias_basis = heads.bias(bias_key, code_size, start.bias(outputs))
        return cls(jnp.swapaxes(basis, 0, 1), bias_basis)

    def __call__(self, x, code):
        code = with_one(code)

        def layer(x, code):
            return generated_product(x, code, self.basis) + code @ self.bias_basis

        return by_device(layer, x, code)

    def generate(self, code):
        code = with_one(code)
        return jnp.einsum("k,iko->io", code, self.basis), code @ self.bias_basis

    @property
    def generated_weights(self) -> int:
        inputs, _, outputs = self.basis.shape
        return (inputs + 1) * outputs
