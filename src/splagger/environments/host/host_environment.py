"""What is known about an environment that the host steps, and how simulators of it are made."""

import abc
from collections.abc import Sequence
from typing import Literal

import equinox as eqx

from splagger.environments.host.simulators import Simulators, WatchedSimulators
from splagger.environments.host.trial_rules import TrialRules
from splagger.environments.spaces import Box, Discrete

Parallel = Literal["none", "processes", "threads"]
"""What can step simulators side by side: nothing but the environment itself, worker processes, or
threads of this process."""


class HostEnvironment(eqx.Module):
    """An environment that is stepped by Python on the host, described.

    Equal ones have equal fields, none of them arrays, so that what was compiled for one is found
    again for the other.
    """

    observation_space: Box
    """What an observation is, as a vector."""
    action_space: Box | Discrete
    """What an action is; integers count from 0, whatever the environment's own start is."""
    max_episode_steps: int = eqx.field(static=True)
    """The largest number of steps in an episode."""
    episodes: int = eqx.field(static=True)
    """Episodes of a trial unless something else is asked for."""
    tasks: int | None = eqx.field(static=True)
    """How many different tasks there are; None where they are not finite."""
    task_size: int = eqx.field(static=True)
    """How many numbers describe a task."""
    has_success: bool = eqx.field(static=True)
    """Whether episodes can be a success."""
    restore_obstacle: str = eqx.field(static=True)
    """What the environment lacks so that its state could be captured and restored, as a part of a
    sentence; empty where it lacks nothing."""
    task_groups: tuple[str, ...] = eqx.field(static=True, default=(), kw_only=True)
    """Names of the groups that its tasks are in, for evaluations; empty where it has none."""
    may_diverge: bool = eqx.field(static=True, default=False, kw_only=True)
    """Whether its simulated physics may diverge, so that it is reported how often they do."""

    @property
    @abc.abstractmethod
    def parallel(self) -> Parallel:
        """What can step its simulators side by side."""

    @abc.abstractmethod
    def simulators(
        self,
        rules: TrialRules,
        seeds: Sequence[int],
        *,
        workers: int,
        groups: Sequence[int] | None,
    ) -> Simulators:
        """Makes simulators, which must be closed.

        **Arguments:**

        - `rules`: of their trials.
        - `seeds`: one for every simulator, 0 to 2^32 - 1.
        - `workers`: how many processes or threads step them, as `parallel` says, at most one for
            every simulator; 0 steps them in the thread that calls.
        - `groups`: for every simulator, which of the `task_groups` its tasks are in; None for all
            tasks.

        **Raises:** `SimulatorError` if one cannot be made, `UserError` for workers where nothing
        can step them side by side.
        """

    @abc.abstractmethod
    def simulator(self, rules: TrialRules, seed: int, *, picture_size: int) -> WatchedSimulators:
        """Makes a single simulator in this process that can `render`, where the environment can.

        **Arguments:**

        - `rules`: of its trials.
        - `seed`: decides its tasks and dynamics, 0 to 2^32 - 1.
        - `picture_size`: pixels of the longer side of pictures, where the environment has no size
            of its own.

        **Raises:** `SimulatorError` if it cannot be made, `UserError` where no single one can be.
        """

    @abc.abstractmethod
    def shortened(self, max_episode_steps: int) -> "HostEnvironment":
        """The same, with episodes that are cut off after so many steps, if not earlier."""

    @abc.abstractmethod
    def optimal_return(self, episodes: int) -> float | None:
        """The expected return of the best possible agent in a trial of K episodes; None where it is
        not known."""
