"""What decoders see of a transition, and how every latent meets every transition."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.environments.spaces import Box, Discrete
from splagger.foundation.linear import Linear
from splagger.sequence.embedding import (
    ActionEncoding,
    Transition,
    action_inputs,
    action_numbers,
)
from splagger.sequence.layers import Layers


class DecoderEmbedding(eqx.Module):
    """A decoder's own embeddings (linear, then ReLU) of observations and actions."""

    observation: Linear
    """Embeds observations, previous and next ones by the same weights."""
    action: Linear | None
    """Embeds the action; None leaves it out."""
    actions: int | None = eqx.field(static=True)
    """The number of discrete actions for one-hot encoding; None: the action enters as numbers."""

    @classmethod
    def create(
        cls,
        key: PRNGKeyArray,
        *,
        observation_size: int,
        action_space: Box | Discrete,
        observation_embedding: int,
        action_embedding: int,
        action_encoding: ActionEncoding,
    ) -> "DecoderEmbedding":
        """Draws initial parameters, uniform on ±1/√inputs.

        **Arguments:**

        - `key`: randomness.
        - `observation_size`, `action_space`: of the environment.
        - `observation_embedding`, `action_embedding`: widths; an `action_embedding` of 0 leaves the
            action out.
        - `action_encoding`: for discrete actions.
        """
        observation_key, action_key = jax.random.split(key)
        inputs, actions = action_numbers(action_space, action_encoding)
        action = None
        if action_embedding > 0:
            action = Linear.create(action_key, inputs, action_embedding)
        observation = Linear.create(observation_key, observation_size, observation_embedding)
        return cls(observation, action, actions)

    def size(self, observations: int) -> int:
        """Width of the action and of that many observations, embedded."""
        action = 0 if self.action is None else self.action.bias.shape[0]
        return observations * self.observation.bias.shape[0] + action

    def __call__(
        self, transitions: Transition, *observations: Float[Array, "*batch observation"]
    ) -> Float[Array, "*batch embedded"]:
        """Embeds the first of the `observations`, the action, then the other observations."""
        first, *others = (jax.nn.relu(self.observation(each)) for each in observations)
        if self.action is None:
            return jnp.concatenate([first, *others], axis=-1)
        inputs = action_inputs(transitions.action, self.actions, transitions.reward.dtype)
        action = jax.nn.relu(self.action(inputs))
        return jnp.concatenate([first, action, *others], axis=-1)


def every_pair(
    layers: Layers,
    latents: Float[Array, "term trajectory latent"],
    features: Float[Array, "decoded trajectory embedded"],
) -> Float[Array, "term decoded trajectory outputs"]:
    """Applies layers to every latent of a trajectory beside all its transitions' features.

    The same as putting them side by side, `[latent, features]`, for every pair. But the first layer
    is applied to latents and features apart and its results are added, which needs as many products
    as there are latents and transitions, not pairs.

    **Arguments:**

    - `layers`: at least one, for inputs `[latent, features]`.
    - `latents`: what every term knows.
    - `features`: of the transitions to be decoded.
    """
    first, *rest = layers.layers
    of_latents = latents @ first.weight[: latents.shape[-1]]
    of_features = features @ first.weight[latents.shape[-1] :] + first.bias
    x = of_latents[:, None] + of_features[None]
    return Layers(tuple(rest))(jax.nn.relu(x)) if rest else x
