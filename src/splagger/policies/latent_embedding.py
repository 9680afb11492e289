"""From the latent to the code that actor and critic are conditioned on."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.foundation.initialisers import Initialiser
from splagger.foundation.linear import Linear


class LatentEmbedding(eqx.Module):
    """An embedding of the latent, or of what stands in its place, and the hidden layers of a
    hypernetwork, which actor and critic share: everything below the heads."""

    embedding: Linear
    """Embeds the latent, followed by tanh."""
    hidden: tuple[Linear, ...] = ()
    """Hidden layers of the hypernetwork, each followed by tanh."""
    softmax_temperature: float | None = eqx.field(default=None, static=True)
    """Above 0 where the last hidden layer is followed by a softmax of this temperature in place of
    tanh; None for tanh."""

    @classmethod
    def create(
        cls,
        key: PRNGKeyArray,
        latent_size: int,
        size: int,
        hidden_sizes: tuple[int, ...],
        initialiser: Initialiser,
        softmax_temperature: float | None,
    ) -> "LatentEmbedding":
        """Draws initial parameters.

        **Arguments:**

        - `key`: randomness.
        - `latent_size`, `size`: sizes of the latent and of its embedding.
        - `hidden_sizes`: widths of hidden layers after it; usually none.
        - `initialiser`: draws the weights of the hidden layers.
        - `softmax_temperature`: of the last hidden layer; None for tanh.
        """
        embedding_key, *keys = jax.random.split(key, len(hidden_sizes) + 1)
        sizes = (size, *hidden_sizes)
        hidden = [
            Linear.create(layer_key, inputs, outputs, initialiser)
            for layer_key, inputs, outputs in zip(keys, sizes, hidden_sizes, strict=False)
        ]
        return cls(Linear.create(embedding_key, latent_size, size), (*hidden,), softmax_temperature)

    @property
    def size(self) -> int:
        """Length of the code."""
        return (self.embedding, *self.hidden)[-1].bias.shape[-1]

    def __call__(self, latent: Float[Array, "*batch latent"]) -> Float[Array, "*batch code"]:
        """Computes the code."""
        return self.code(self.embed(latent))

    def embed(self, latent: Float[Array, "*batch latent"]) -> Float[Array, "*batch embedded"]:
        """Computes the embedding alone, its numbers in [-1, 1]."""
        return jnp.tanh(self.embedding(latent))

    def code(self, embedded: Float[Array, "*batch embedded"]) -> Float[Array, "*batch code"]:
        """Computes the code from the embedding."""
        code = embedded
        for layer in self.hidden[:-1]:
            code = jnp.tanh(layer(code))
        if not self.hidden:
            return code
        code = self.hidden[-1](code)
        if self.softmax_temperature is None:
            return jnp.tanh(code)
        return jax.nn.softmax(code / self.softmax_temperature)
