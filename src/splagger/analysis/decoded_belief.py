"""What an agent's decoders say about the task, as a probability of every task."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from splagger.decoders.decoders import Decoders
from splagger.decoders.place_reward_decoder import PlaceRewardDecoder
from splagger.decoders.reward_decoder import RewardDecoder
from splagger.decoders.task_decoder import TaskIndexDecoder
from splagger.environments.task_probes import TaskProbes
from splagger.foundation.errors import UserError
from splagger.foundation.gaussians import sample_gaussian
from splagger.sequence.embedding import Transition

LEAST = 1e-4
"""What a task's decoded probability of success is at least, before they are made to add up to 1: a
predicted reward may lie below that of a failure."""


def decoded_belief(
    decoders: Decoders | None,
    latents: Float[Array, "item latent"],
    probes: TaskProbes | None,
    possible: Bool[Array, " tasks"],
    key: PRNGKeyArray,
    *,
    samples: int | None,
) -> Float[Array, "item tasks"]:
    """The probability of every task according to the decoders, averaged over samples of the latent.

    A decoder of the task's index gives it as it is. Without one, the decoder of rewards says how
    probable a success is for the transition that is rewarded in one task alone (for places: in the
    place that it leads to), at least `LEAST` and at most 1; these, divided by their sum, are the
    probabilities of the tasks.

    **Arguments:**

    - `decoders`: of the agent.
    - `latents`: means, then logarithms of variances, not normalised.
    - `probes`: of the trial (`Trial.task_probes`); only decoders of rewards need them.
    - `possible`: the tasks that can be drawn at all; the others get 0.
    - `key`: randomness of the samples.
    - `samples`: how many samples of each latent, at least 1; None where the decoders are trained to
        see means and logarithms of variances in place of samples.

    **Returns:** probabilities in the order of `task_index`.

    **Raises:** `UserError` where the agent decodes neither the task's index nor rewards, or rewards
    where the environment gives no probes.
    """
    if samples is None:
        success = _successes(decoders, latents, probes)
    else:
        mean, log_variance = jnp.split(latents, 2, axis=-1)

        def of_sample(key: PRNGKeyArray) -> Float[Array, "item tasks"]:
            noise = jax.random.normal(key, mean.shape, mean.dtype)
            return _successes(decoders, sample_gaussian(mean, log_variance, noise), probes)

        # One after the other: all at once are too many where there are hundreds of tasks.
        success = jnp.mean(jax.lax.map(of_sample, jax.random.split(key, samples)), axis=0)
    success = jnp.where(possible, success, 0)
    return success / jnp.sum(success, axis=-1, keepdims=True)


def _successes(
    decoders: Decoders | None, seen: Float[Array, "item seen"], probes: TaskProbes | None
) -> Float[Array, "item tasks"]:
    """Numbers that are proportional to the probabilities of the tasks."""
    decoders = decoders or Decoders()
    if isinstance(decoders.task, TaskIndexDecoder):
        return decoders.task.probabilities(seen)
    if decoders.reward is None:
        raise UserError(
            "the agent decodes neither rewards nor the task's index, so that it has no belief to "
            "read: choose one whose objective does, such as varibad."
        )
    if probes is None:
        raise UserError(
            "the environment has no transitions that are rewarded in one task alone "
            "(`task_probes`), by which a decoder of rewards is read: choose another one, such as "
            "grid-navigation or t-maze-latent."
        )
    if isinstance(decoders.reward, PlaceRewardDecoder):
        goals = decoders.reward.places.place(probes.observation)
        return jnp.clip(decoders.reward.probabilities(seen)[:, goals], LEAST, 1)
    rewards = _predicted_rewards(decoders.reward, seen, probes)
    return jnp.clip((rewards - probes.failure) / (probes.success - probes.failure), LEAST, 1)


def _predicted_rewards(
    decoder: RewardDecoder, seen: Float[Array, "item seen"], probes: TaskProbes
) -> Float[Array, "item tasks"]:
    # To the decoder, the latents are the terms of one trajectory, of which it decodes the probes.
    transitions = jax.tree.map(
        lambda leaf: leaf[:, None],
        Transition(probes.previous_observation, probes.action, probes.reward, probes.observation),
    )
    return decoder(seen[:, None], transitions)[..., 0]
