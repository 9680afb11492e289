"""Transitions, and their embedding for the encoder."""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from splagger.environments.spaces import Box, Discrete
from splagger.foundation.linear import Linear

ActionEncoding = Literal["one-hot", "index"]
"""How a discrete action enters the encoder: as a one-hot vector, or as one number, its index, as
published (Q19)."""


class Transition(eqx.Module):
    """One step of experience, raw: nothing in it is normalised."""

    previous_observation: Float[Array, "*batch observation"]
    """What the policy acted on, with the episode-end flag where the trial appends one."""
    action: Shaped[Array, "*batch_action"]
    """The action: integers `[*batch]` for discrete ones, else `[*batch, action]`."""
    reward: Float[Array, "*batch"]
    """The raw reward."""
    observation: Float[Array, "*batch observation"]
    """What the step led to, before any reset to a new task."""


class TransitionEmbedding(eqx.Module):
    """Embeds the parts of a transition apart (linear, then ReLU) and puts them side by side."""

    observation: Linear
    """Embeds observations; the previous one by the same weights."""
    action: Linear | None
    """Embeds the action; None leaves it out."""
    reward: Linear
    """Embeds the reward."""
    actions: int | None = eqx.field(static=True)
    """The number of discrete actions for one-hot encoding; None: the action enters as numbers."""
    full_transitions: bool = eqx.field(static=True)
    """Whether the previous observation is part of the input."""

    @classmethod
    def create(
        cls,
        key: PRNGKeyArray,
        *,
        observation_size: int,
        action_space: Box | Discrete,
        observation_embedding: int,
        action_embedding: int,
        reward_embedding: int,
        action_encoding: ActionEncoding,
        full_transitions: bool,
    ) -> "TransitionEmbedding":
        """Draws initial parameters, uniform on ±1/√inputs.

        **Arguments:**

        - `key`: randomness.
        - `observation_size`, `action_space`: of the environment.
        - `observation_embedding`, `action_embedding`, `reward_embedding`: widths; an
            `action_embedding` of 0 leaves the action out.
        - `action_encoding`: for discrete actions.
        - `full_transitions`: whether the previous observation is part of the input.
        """
        observation_key, action_key, reward_key = jax.random.split(key, 3)
        inputs, actions = action_numbers(action_space, action_encoding)
        return cls(
            observation=Linear.create(observation_key, observation_size, observation_embedding),
            action=(
                Linear.create(action_key, inputs, action_embedding)
                if action_embedding > 0
                else None
            ),
            reward=Linear.create(reward_key, 1, reward_embedding),
            actions=actions,
            full_transitions=full_transitions,
        )

    @property
    def size(self) -> int:
        """Width of the embedded transition."""
        observations = 2 if self.full_transitions else 1
        action = 0 if self.action is None else self.action.bias.shape[0]
        return observations * self.observation.bias.shape[0] + action + self.reward.bias.shape[0]

    def __call__(self, transition: Transition) -> Float[Array, "*batch embedded"]:
        """Embeds: previous observation, action, reward, observation, in this order."""
        parts = [
            self.reward(transition.reward[..., None]),
            self.observation(transition.observation),
        ]
        if self.action is not None:
            inputs = action_inputs(transition.action, self.actions, transition.reward.dtype)
            parts.insert(0, self.action(inputs))
        if self.full_transitions:
            parts.insert(0, self.observation(transition.previous_observation))
        return jnp.concatenate([jax.nn.relu(part) for part in parts], axis=-1)


def action_numbers(
    action_space: Box | Discrete, action_encoding: ActionEncoding
) -> tuple[int, int | None]:
    """How many numbers an action enters a network as, and what `actions` of `action_inputs` is."""
    if isinstance(action_space, Box):
        return action_space.size, None
    if action_encoding == "one-hot":
        return action_space.n, action_space.n
    return 1, None


def action_inputs(
    action: Shaped[Array, "*batch_action"], actions: int | None, dtype: jnp.dtype
) -> Float[Array, "*batch inputs"]:
    """An action as numbers.

    **Arguments:**

    - `action`: integers `[*batch]` for discrete ones, else `[*batch, action]`.
    - `actions`: the number of discrete actions for one-hot encoding, else None.
    - `dtype`: of the numbers that discrete actions become.
    """
    if actions is not None:
        return jax.nn.one_hot(action, actions, dtype=dtype)
    if jnp.issubdtype(action.dtype, jnp.integer):
        return action[..., None].astype(dtype)
    return action
