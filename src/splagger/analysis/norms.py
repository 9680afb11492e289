"""Euclidean norms of numbers whose squares would be rounded to zero."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree


def norm(x: Float[Array, "*batch feature"]) -> Float[Array, "*batch"]:
    """The norm over the last dimension.

    Numbers are divided by the largest of them before they are squared: gradients of 1e-21, usual
    after a hundred steps of a GRU, have squares below what 32 bits can hold.
    """
    largest = jnp.max(jnp.abs(x), axis=-1, initial=0)
    scale = jnp.where(largest > 0, largest, 1)
    return scale * jnp.sqrt(jnp.sum((x / scale[..., None]) ** 2, axis=-1))


def tree_norm(tree: PyTree[Float[Array, "item ..."]]) -> Float[Array, " item"]:
    """The norm of everything in a pytree, apart for every item of the leading dimension."""
    leaves = [norm(leaf.reshape(leaf.shape[0], -1)) for leaf in jax.tree.leaves(tree)]
    return norm(jnp.stack(leaves, axis=-1))


def unit(x: Float[Array, "*batch feature"]) -> Float[Array, "*batch feature"]:
    """Scales to norm 1 over the last dimension; what is smaller than 1e-30 stays smaller than 1."""
    return x / jnp.maximum(norm(x), 1e-30)[..., None]
