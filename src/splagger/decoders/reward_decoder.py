"""Predicts the reward of a transition from what is known of the task."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.decoders.embedding import DecoderEmbedding, every_pair
from splagger.environments.spaces import Box, Discrete
from splagger.sequence.embedding import ActionEncoding, Transition
from splagger.sequence.layers import Layers


class RewardDecoder(eqx.Module):
    """Reward of a transition: a Gaussian of fixed variance, up to constants (Zintgraf et al. 2020,
    appendix C)."""

    embedding: DecoderEmbedding
    """Embeds the next observation and, where they are inputs, action and previous observation."""
    layers: Layers
    """From latent and embedded transition to one number; ReLU between them."""
    previous_observation: bool = eqx.field(static=True)
    """Whether the previous observation is part of the input."""

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
        previous_observation: bool,
        hidden: tuple[int, ...],
    ) -> "RewardDecoder":
        """Draws initial parameters, uniform on ±1/√inputs.

        **Arguments:**

        - `key`: randomness.
        - `latent_size`: how many numbers the decoder sees of a latent.
        - `observation_size`, `action_space`: of the environment.
        - `observation_embedding`, `action_embedding`: widths; an `action_embedding` of 0 leaves the
            action out.
        - `action_encoding`: for discrete actions.
        - `previous_observation`: whether it is part of the input.
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
        inputs = latent_size + embedding.size(2 if previous_observation else 1)
        layers = Layers.create(layers_key, inputs, (*hidden, 1))
        return cls(embedding, layers, previous_observation)

    def __call__(
        self, latents: Float[Array, "term trajectory latent"], transitions: Transition
    ) -> Float[Array, "term decoded trajectory"]:
        """Predicts the rewards of transitions `[decoded, trajectory, ...]` from every latent of
        their trajectory."""
        observations = [transitions.observation]
        if self.previous_observation:
            observations.append(transitions.previous_observation)
        features = self.embedding(transitions, *observations)
        return every_pair(self.layers, latents, features)[..., 0]

    def errors(
        self, latents: Float[Array, "term trajectory latent"], transitions: Transition
    ) -> Float[Array, "term decoded trajectory"]:
        """Squared errors of the predicted rewards, which are not normalised."""
        return (self(latents, transitions) - transitions.reward) ** 2
