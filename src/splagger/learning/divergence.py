"""How far a posterior has moved."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def divergence(
    posterior: Float[Array, "*batch latent"], other: Float[Array, "*batch latent"]
) -> Float[Array, "*batch"]:
    """Kullback-Leibler divergence, in nats, of diagonal Gaussians: KL(`posterior` || `other`).

    With d, the difference of the logarithms of the variances, it is the sum over dimensions of
    half of (exp(d) - 1 - d) + (difference of means)² / variance. Written so, nothing cancels that
    is not small itself, and posteriors that hardly differ keep their digits.

    **Arguments:**

    - `posterior`, `other`: means, then logarithms of variances.
    """
    mean, log_variance = jnp.split(posterior, 2, axis=-1)
    other_mean, other_log_variance = jnp.split(other, 2, axis=-1)
    d = log_variance - other_log_variance
    distance = (mean - other_mean) * jnp.exp(-other_log_variance / 2)
    return jnp.sum(jnp.expm1(d) - d + distance**2, axis=-1) / 2


def divergences(
    latents: Float[Array, "time_plus_one trajectory latent"], to_previous: bool
) -> Float[Array, "time_plus_one trajectory"]:
    """Divergence of every posterior from the one before it, the first from N(0, I); or of all from
    N(0, I).

    **Arguments:**

    - `latents`: means, then logarithms of variances; the first is the prior.
    - `to_previous`: whether from the one before.
    """
    standard = jnp.zeros_like(latents[:1])
    if to_previous:
        return divergence(latents, jnp.concatenate([standard, latents[:-1]]))
    return divergence(latents, jnp.broadcast_to(standard, latents.shape))
