"""Actions of chance."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key, Shaped

from splagger.environments.spaces import Box, Discrete


def random_action(
    space: Box | Discrete, key: Key[Array, ""], batch: tuple[int, ...] = ()
) -> Shaped[Array, "..."]:
    """Draws an action: each of n choices alike; numbers uniform between finite bounds, and where a
    bound is missing standard normal, clipped to the other one.

    **Arguments:**

    - `space`: what an action is.
    - `key`: for the draw.
    - `batch`: the shape of a batch of actions to draw with that one key, in front of an action's.
    """
    if isinstance(space, Discrete):
        return jax.random.randint(key, batch, 0, space.n, dtype=jnp.zeros((), int).dtype)
    low, high = (jnp.asarray(bound, dtype=float) for bound in space.bounds)
    bounded = jnp.isfinite(low) & jnp.isfinite(high)
    uniform_key, normal_key = jax.random.split(key)
    shape = (*batch, *low.shape)
    share = jax.random.uniform(uniform_key, shape, low.dtype)
    # Not low plus a share of the difference, which overflows between the largest numbers.
    spread = jnp.where(bounded, (1 - share) * low + share * high, 0.0)
    free = jax.random.normal(normal_key, shape, low.dtype)
    drawn = jnp.clip(jnp.where(bounded, spread, free), low, high)
    return drawn.reshape(*batch, *space.shape)
