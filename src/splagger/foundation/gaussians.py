"""Diagonal normal distributions."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def sample_gaussian(
    mean: Float[Array, "*batch dimension"],
    log_variance: Float[Array, "*batch dimension"],
    noise: Float[Array, "*batch dimension"],
) -> Float[Array, "*batch dimension"]:
    """The sample that standard normal numbers make, differentiable for both parameters."""
    return mean + jnp.exp(log_variance / 2) * noise
