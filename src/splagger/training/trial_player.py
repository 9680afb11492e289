"""Playing one trial step by step, for those who watch it: what players have in common."""

import abc
from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from splagger.training.actors import Actor
from splagger.training.trial_record import Picture

# Keeps the keys of actions apart from those of tasks and steps, which are split off.
_ACTIONS = 0xAC7


class Played(NamedTuple):
    """What one step came to: scalars, where nothing else is said, of jax or of NumPy."""

    observation: Any
    """What the environment returned, floats `[observation]` without the flag, also where the next
    episode has begun."""
    action: Any
    """What was done: an integer, or floats `[action]`."""
    reward: Any
    """The raw reward."""
    episode: Any
    """Index of the episode that the step belongs to."""
    episode_end: Any
    """Whether the episode is over."""
    trial_end: Any
    """Whether the trial is."""
    truncated: Any
    """Whether the episode is over by a time limit alone."""
    success: Any
    """Whether the episode is over and was a success."""
    memory_change: Any
    """How far the step moved the latent."""


class TrialPlayer(abc.ABC):
    """One trial, whatever simulates it. Not pure: it stands where the last step led.

    It keeps a picture of every start of an episode and of what every step came to.
    """

    action_names: tuple[str, ...] = ()
    """What people call discrete actions; empty: by their numbers."""

    def __init__(self, actor: Actor, key: PRNGKeyArray):
        """Begins a trial.

        **Arguments:**

        - `actor`: who acts.
        - `key`: randomness of task, environment and actions.
        """
        self.actor = actor
        self.key = key
        self.memory = initial_memory(actor)

    def action_key(self, step: int) -> PRNGKeyArray:
        """Randomness of the action of a step of the trial, counted from 0."""
        return jax.random.fold_in(jax.random.fold_in(self.key, _ACTIONS), step)

    @abc.abstractmethod
    def begin_episode(self) -> Float[np.ndarray, " observation"]:
        """Looks at the start of an episode: the trial's first one, or after a step that ended one.

        **Returns:** what is acted on there, without the flag.
        """

    @abc.abstractmethod
    def step(self, number: int) -> Played:
        """Acts, and takes in what comes of it.

        **Arguments:**

        - `number`: of the step in the trial, from 0.
        """

    @property
    @abc.abstractmethod
    def pictures(self) -> Sequence[Picture | None]:
        """One for every call of `begin_episode` and `step`, in their order."""

    def close(self) -> None:
        """Frees what only further steps would need."""
        return


@eqx.filter_jit
def initial_memory(actor: Actor) -> Any:
    """The actor's memory at a trial's start, compiled."""
    return actor.initial_memory()
