"""Linear layers in a row, with ReLU between them."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.foundation.linear import Linear


class Layers(eqx.Module):
    """Any number of linear layers; none at all change nothing."""

    layers: tuple[Linear, ...]
    """The layers in their order."""

    @classmethod
    def create(cls, key: PRNGKeyArray, inputs: int, widths: tuple[int, ...]) -> "Layers":
        """Draws initial parameters, uniform on ±1/√inputs.

        **Arguments:**

        - `key`: randomness.
        - `inputs`: width of the input.
        - `widths`: of the outputs of every layer.
        """
        keys = jax.random.split(key, max(1, len(widths)))
        sizes = (inputs, *widths)
        return cls(
            tuple(
                Linear.create(layer_key, size, width)
                for layer_key, size, width in zip(keys, sizes, widths, strict=False)
            )
        )

    def size(self, inputs: int) -> int:
        """Width of the output for an input of width `inputs`."""
        return self.layers[-1].bias.shape[0] if self.layers else inputs

    def __call__(self, x: Float[Array, "*batch inputs"]) -> Float[Array, "*batch outputs"]:
        """Applies the layers: ReLU between them, none after the last."""
        for number, layer in enumerate(self.layers):
            x = layer(x if number == 0 else jax.nn.relu(x))
        return x

    def rectified(self, x: Float[Array, "*batch inputs"]) -> Float[Array, "*batch outputs"]:
        """Applies the layers, with ReLU after the last one too."""
        return jax.nn.relu(self(x)) if self.layers else x
