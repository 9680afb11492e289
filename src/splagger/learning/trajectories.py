"""Whole trials as batches, to infer tasks from."""

import equinox as eqx
from jaxtyping import Array, Int

from splagger.environments.task_information import TaskInformation
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
