"""Whole trials as batches, to infer tasks from."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from splagger.environments.spaces import Discrete
from splagger.environments.task_information import TaskInformation
from splagger.environments.trial_description import TrialDescription
from splagger.foundation.device_mesh import split_environments
from splagger.sequence.embedding import Transition


class Trajectories(eqx.Module):
    """The transitions of whole trials, padded to the longest a trial can be.

    Arrays are `[time, trajectory, ...]`, as in a rollout.
    """

    transitions: Transition
    """As the memory saw them, `[time, trajectory, ...]`; anything, usually zeros, after the end."""
    task: TaskInformation
    """The task of every trial, as it was at its first step, `[trajectory, ...]`."""
    length: Int[Array, " trajectory"]
    """How many transitions each has; 0 where there is no trajectory, which then counts for
    nothing."""

    def split(self) -> "Trajectories":
        """The same, split over the devices that share a member's environments, if there are any."""
        return Trajectories(
            split_environments(self.transitions, 1),
            split_environments(self.task, 0),
            split_environments(self.length, 0),
        )


def trajectory_shapes(trial: TrialDescription) -> tuple[Transition, TaskInformation]:
    """The shapes and dtypes of one transition in a trial, and of what is remembered of its task:
    not the belief about it, which changes in a trial."""
    space = trial.action_space

    def example() -> tuple[Transition, TaskInformation]:
        observation = jnp.zeros(trial.observation_size, float)
        if isinstance(space, Discrete):
            action = jnp.zeros((), int)
        else:
            action = jnp.zeros(space.shape, float)
        transition = Transition(observation, action, jnp.zeros((), float), observation)
        return transition, TaskInformation(jnp.zeros(trial.task_size, float), jnp.zeros((), int))

    return jax.eval_shape(example)
