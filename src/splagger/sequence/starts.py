"""States that start anew where a trial does."""

from typing import TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

State = TypeVar("State")


def select_start(start: Bool[Array, "*batch"], fresh: State, state: State) -> State:
    """Takes `fresh` where `start` is set and `state` elsewhere.

    Selecting, rather than multiplying with zero, keeps infinities in `state` from turning to NaN.

    **Arguments:**

    - `start`: which items of the batch start anew.
    - `fresh`: a pytree without batch dimensions, or with them.
    - `state`: a pytree of arrays `[*batch, ...]`.
    """

    def select(new, old):
        flags = start.reshape(start.shape + (1,) * (old.ndim - start.ndim))
        return jnp.where(flags, new, old)

    return jax.tree.map(select, fresh, state)


def broadcast(tree: State, batch: tuple[int, ...]) -> State:
    """Repeats every array of a pytree along new leading dimensions."""
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (*batch, *leaf.shape)), tree)
