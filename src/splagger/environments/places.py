"""Places where an agent can be, of which the task says whether being there is a success."""

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


@dataclass(frozen=True)
class Places:
    """Numbered places, how an observation tells them, and how a reward tells a success.

    A step is a success if it ends in a place that is right in its task: place and task alone decide
    it. A decoder can then predict the success of every place at once (Zintgraf et al. 2020).
    """

    strides: tuple[int, ...]
    """What the first numbers of an observation, rounded, are multiplied with to give the place."""
    count: int
    """How many places there are: they are numbered from 0 to `count` - 1."""
    success_reward: float
    """The reward of a step that is a success, and of no other."""

    def place(self, observation: Float[Array, "*batch observation"]) -> Int[Array, "*batch"]:
        """The number of the place that an observation was made in, 0 to `count` - 1.

        **Arguments:**

        - `observation`: not normalised. More numbers may follow those that tell the place.
        """
        numbers = jnp.round(observation[..., : len(self.strides)]).astype(int)
        return jnp.sum(numbers * jnp.asarray(self.strides, dtype=int), axis=-1)

    def succeeded(self, reward: Float[Array, "*batch"]) -> Bool[Array, "*batch"]:
        """Whether a step with this reward, not normalised, was a success: whether the reward is
        `success_reward` up to rounding."""
        return jnp.isclose(reward, self.success_reward)
