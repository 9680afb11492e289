"""A linear layer over any leading dimensions."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.foundation.initialisers import Initialiser, uniform_fan_in


class Linear(eqx.Module):
    """The affine map `x @ weight + bias`."""

    weight: Float[Array, "inputs outputs"]
    """The matrix, applied from the right."""
    bias: Float[Array, " outputs"]
    """Added to every output."""

    @classmethod
    def create(
        cls,
        key: PRNGKeyArray,
        inputs: int,
        outputs: int,
        initialiser: Initialiser | None = None,
    ) -> "Linear":
        """Draws initial parameters.

        **Arguments:**

        - `key`: randomness.
        - `inputs`, `outputs`: the sizes of the last dimension before and after.
        - `initialiser`: draws the weight, with a zero bias. Without one, weight and bias are both
            uniform on ±1/√inputs.
        """
        weight_key, bias_key = jax.random.split(key)
        if initialiser is not None:
            return cls(initialiser(weight_key, inputs, outputs), jnp.zeros(outputs, float))
        bias = uniform_fan_in(bias_key, inputs, outputs)[0]
        return cls(uniform_fan_in(weight_key, inputs, outputs), bias)

    def __call__(self, x: Float[Array, "*batch inputs"]) -> Float[Array, "*batch outputs"]:
        """Applies the map to the last dimension."""
        return x @ self.weight + self.bias
