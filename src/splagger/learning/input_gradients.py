"""How strongly the value depends on each of its inputs: observation and latent."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from splagger.environments.task_information import TaskInformation
from splagger.policies.policy import Policy


class InputGradients(eqx.Module):
    """Means over samples of the norms of inputs, and of the value's gradients for them.

    A gradient for the latent that is small beside that for the observation says that the policy
    does not use its memory (Beck et al. 2023, arXiv 2309.14970).
    """

    observation_gradient: Float[Array, ""]
    """Norm of the value's gradient for the normalised observation."""
    latent_gradient: Float[Array, ""]
    """Norm of the value's gradient for the latent."""
    observation_norm: Float[Array, ""]
    """Norm of the normalised observation."""
    latent_norm: Float[Array, ""]
    """Norm of the latent."""


def input_gradients(
    policy: Policy,
    observation: Float[Array, "sample observation"],
    latent: Float[Array, "sample latent"],
    task: TaskInformation,
) -> InputGradients:
    """Differentiates the sum of the values of all samples, each of which depends on its own inputs.

    Nothing of it is part of a loss: no gradient passes through.
    """
    policy, observation, latent = jax.lax.stop_gradient((policy, observation, latent))

    def total(observation, latent):
        return jnp.sum(policy.value(observation, latent, task))

    to_observation, to_latent = jax.grad(total, argnums=(0, 1))(observation, latent)

    def mean_norm(vectors):
        return jnp.mean(jnp.linalg.norm(vectors, axis=-1))

    return InputGradients(*map(mean_norm, (to_observation, to_latent, observation, latent)))
