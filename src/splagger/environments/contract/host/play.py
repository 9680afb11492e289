"""Random play in copies of a Gymnasium environment, moment by moment."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jaxtyping import Float32, Shaped

from splagger.environments.contract.host.copies import Copy
from splagger.environments.host.host_environment import HostEnvironment
from splagger.environments.random_actions import random_action
from splagger.environments.spaces import Discrete

MOST_STEPS = 200
"""Longer episodes are played no further than this."""


@dataclass(frozen=True)
class Moment:
    """What one call of `reset` or `step` returned."""

    method: str
    """Which of the two it was."""
    observation: Float32[np.ndarray, " number"]
    """The observation as a vector."""
    reward: float = 0.0
    """The reward, not normalised."""
    terminated: bool = False
    """Whether the episode ended in the task's own terms."""
    truncated: bool = False
    """Whether the environment cut it off."""
    success: bool | None = None
    """What `info` said about it; None for nothing."""
    diverged: bool = False
    """Whether `info` said that the simulated physics failed."""

    @property
    def ended(self) -> bool:
        """Whether the episode ended."""
        return self.terminated or self.truncated or self.diverged

    def difference(self, other: "Moment | None") -> str:
        """Which field differs from another moment's, empty if none does. No moment is one that
        comes after the end."""
        if other is None or self.method != other.method:
            return "length of an episode"
        if not np.array_equal(self.observation, other.observation, equal_nan=True):
            return "observation"
        for name in ("reward", "terminated", "truncated", "success", "diverged"):
            if getattr(self, name) != getattr(other, name):
                return name
        return ""


def play(
    copy: Copy, task: Any, seed: int, actions: Shaped[np.ndarray, "step ..."], episodes: int = 1
) -> Iterator[Moment]:
    """Plays a trial, as far as the moments are asked for.

    **Arguments:**

    - `copy`: what is played.
    - `task`: its task.
    - `seed`: seeds it.
    - `actions`: one for every step of the whole trial, which ends with them, too.
    - `episodes`: how many episodes it has at most.
    """
    copy.set_task(task)
    yield Moment("reset", copy.reset(seed))
    for action in actions:
        observation, reward, terminated, truncated, info = copy.step(action)
        found = [bool(info[name]) for name in ("success", "is_success") if name in info]
        success = found[0] if found else None
        diverged = bool(info.get("diverged", False))
        moment = Moment("step", observation, reward, terminated, truncated, success, diverged)
        yield moment
        if moment.ended:
            episodes -= 1
            if not episodes:
                return
            yield Moment("reset", copy.reset(None))


def first_difference(one: Sequence[Moment], other: Sequence[Moment]) -> tuple[str, str] | None:
    """Where two plays differ first.

    **Returns:** the method, and where, in words; None where they are equal.
    """
    steps = 0
    for here, there in itertools.zip_longest(one, other):
        moment = here or there
        steps += moment.method == "step"
        if difference := moment.difference(there if here else None):
            when = f"after {steps} steps" if steps != 1 else "after 1 step"
            return moment.method, f"the {difference} {when}"
    return None


def random_actions(
    environment: HostEnvironment, seed: int, count: int
) -> Shaped[np.ndarray, "step ..."]:
    """Draws actions by `random_action`, as they are handed to simulators.

    **Arguments:**

    - `environment`: for whose action space.
    - `seed`: decides them.
    - `count`: how many.
    """
    space = environment.action_space
    drawn = random_action(space, jax.random.key(seed), (count,))
    return np.asarray(drawn, np.int32 if isinstance(space, Discrete) else np.float32)
