"""Values of many samples, in memory that does not grow with their number."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from splagger.agent import Agent
from splagger.environments.task_information import TaskInformation

CHUNK = 65_536
"""Samples whose values are computed at once: more than the paper's rollouts have, and enough to
fill an accelerator."""


def sample_values(
    agent: Agent,
    observation: Float[Array, "time environment observation"],
    latent: Float[Array, "time environment latent"],
    latent_noise: Float[Array, "time environment mean"] | None,
    task: TaskInformation,
    *,
    chunk: int = CHUNK,
) -> Float[Array, "time environment"]:
    """`agent.value` for all steps, as many at once as have about `chunk` samples.

    The hidden layers of a critic take a hundred times the memory of its inputs.
    """
    inputs = (observation, latent, latent_noise, task)
    time, environments = observation.shape[:2]
    groups = -(-time // max(1, chunk // environments))
    if groups <= 1:
        return agent.value(*inputs)
    size = -(-time // groups)

    def cut(leaf):
        padding = [(0, groups * size - time)] + [(0, 0)] * (leaf.ndim - 1)
        return jnp.pad(leaf, padding, mode="edge").reshape(groups, size, *leaf.shape[1:])

    values = jax.lax.map(lambda rows: agent.value(*rows), jax.tree.map(cut, inputs))
    return values.reshape(groups * size, environments)[:time]
