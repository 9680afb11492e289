"""Predicts where a transition leads from what is known of the task."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.decoders.embedding import DecoderEmbedding, every_pair
from splagger.environments.spaces import Box, Discrete
from splagger.sequence.embedding import ActionEncoding, Transition
from splagger.sequence.layers import Layers


class StateDecoder(eqx.Module):
    """Next observation after a previous one and an action: a Gaussian of fixed variance, up to
    constants (Zintgraf et al. 2020, appendix C)."""

    embedding: DecoderEmbedding
    """Embeds the previous observation and the action."""
    layers: Layers
    """From latent and embedded transition to an observation; ReLU between them."""

    @classmethod
    def create(
        cls,
        key: PRNGKeyArray,
        *,
        latent_size: int,
        observation_size: int,
        action_space: Box | Discrete,
        observation_embedding: int,
        action_embedding: int,
        action_encoding: ActionEncoding,
        hidden: tuple[int, ...],
    ) -> "StateDecoder":
        """Draws initial parameters, uniform on ±1/√inputs.

        **Arguments:**

        - `key`: randomness.
        - `latent_size`: how many numbers the decoder sees of a latent.
        - `observation_size`, `action_space`: of the environment.
        - `observation_embedding`, `action_embedding`: widths; an `action_embedding` of 0 leaves the
            action out.
        - `action_encoding`: for discrete actions.
        - `hidden`: widths of the layers before the last.
        """
        embedding_key, layers_key = jax.random.split(key)
        embedding = DecoderEmbedding.create(
            embedding_key,
            observation_size=observation_size,
            action_space=action_space,
            observation_embedding=observation_embedding,
            action_embedding=action_embedding,
            action_encoding=action_encoding,
        )
        widths = (*hidden, observation_size)
        return cls(embedding, Layers.create(layers_key, latent_size + embedding.size(1), widths))

    def __call__(
        self, latents: Float[Array, "term trajectory latent"], transitions: Transition
    ) -> Float[Array, "term decoded trajectory observation"]:
        """Predicts what transitions `[decoded, trajectory, ...]` lead to from every latent of their
        trajectory."""
        features = self.embedding(transitions, transitions.previous_observation)
        return every_pair(self.layers, latents, features)

    def errors(
        self, latents: Float[Array, "term trajectory latent"], transitions: Transition
    ) -> Float[Array, "term decoded trajectory"]:
        """Squared errors of the predicted observations, which are not normalised, as means over
        their dimensions."""
        return jnp.mean((self(latents, transitions) - transitions.observation) ** 2, axis=-1)
