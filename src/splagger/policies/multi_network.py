"""A policy of its own for every task: an oracle to compare with."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Shaped

from splagger.policies.actor_critic import ActorCritic
from splagger.policies.policy import Policy, TaskPart


class MultiNetwork(Policy):
    """Complete, independent policies, one for every task; the true task chooses (Beck et al. 2022).

    All of them are computed for every sample, so the cost grows with the number of tasks. Gradients
    reach the chosen one alone.
    """

    policies: ActorCritic
    """The policies of all tasks: every leaf is `[task, ...]`."""

    @property
    def needs_task(self) -> TaskPart:
        return "index"

    def __call__(self, observation, latent, task):
        # In turn, not as one batch: on CPUs, products with a batch dimension are much slower.
        results = jax.lax.map(lambda policy: policy(observation, latent, task), self.policies)
        return jax.tree.map(lambda leaf: _choose(leaf, task.index), results)


def _choose(
    leaf: Shaped[Array, "task *batch_and_rest"], index: Int[Array, "*batch"]
) -> Shaped[Array, "*batch_and_rest"]:
    """For every item of the batch, the entry of its own task."""
    rest = leaf.ndim - 1 - index.ndim
    return jnp.take_along_axis(leaf, index.reshape(1, *index.shape, *rest * (1,)), axis=0)[0]
