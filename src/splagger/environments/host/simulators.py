"""Many simulators side by side: what a learner needs of them, however they are run."""

import abc
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped, UInt8

from splagger.foundation.errors import UserError


@dataclass(frozen=True)
class HostTasks:
    """The true tasks of some simulators: `TaskInformation`, on the host."""

    vector: Float[np.ndarray, "row task"]
    """The task as numbers; none where the environment gives none."""
    index: Int[np.ndarray, " row"]
    """Which of the environment's tasks it is, from 0; 0 where they are not finite."""


@dataclass(frozen=True)
class HostStart:
    """What some simulators show where a trial starts."""

    observation: Float[np.ndarray, "row observation"]
    """The first observation, the episode-end flag 0 included where K > 1."""
    tasks: HostTasks
    """The tasks of the trials."""


@dataclass(frozen=True)
class HostStep:
    """What one step of some simulators returns: the fields of `TrialStep`, on the host."""

    next_observation: Float[np.ndarray, "row observation"]
    """What the memory sees as the end of this transition."""
    observation: Float[np.ndarray, "row observation"]
    """What the policy acts on next."""
    reward: Float[np.ndarray, " row"]
    """The reward, not normalised."""
    episode_end: Bool[np.ndarray, " row"]
    """Whether this transition ended an episode."""
    trial_end: Bool[np.ndarray, " row"]
    """Whether it ended the trial's last episode. `observation` then belongs to a new trial."""
    truncated: Bool[np.ndarray, " row"]
    """Whether it ended an episode by a time limit, or diverged, and not by termination."""
    success: Bool[np.ndarray, " row"]
    """Whether it ended an episode that was a success."""
    diverged: Bool[np.ndarray, " row"]
    """Whether it ended an episode because the simulated physics failed. It is `truncated`, too."""
    episode: Int[np.ndarray, " row"]
    """Index in the trial of the episode that this transition belongs to."""
    tasks: HostTasks
    """The tasks of the trials that run after the step."""


class SimulatorError(UserError):
    """A simulator failed: an exception of the user's code, a dead worker, a number that is not
    finite. Says which simulator, in which method, and what can be done."""


class DeadWorkerError(SimulatorError):
    """A worker process ended by itself, or by a signal."""


class Simulators(abc.ABC):
    """A fixed number of simulators, each in its own trial. Not pure: they change when stepped.

    Rows are simulators. Where actions and results are given for some `rows` only, these are a slice
    with which `send` and `receive` were called in pairs; so one part can be stepped while an agent
    chooses for another. What a simulator does depends on its seed, its row's actions and nothing
    else: not on other rows, on how they are grouped, or on the number of workers.

    **Raises:** every method raises `SimulatorError` where a simulator fails.
    """

    count: int
    """How many simulators there are."""
    restorable: bool
    """Whether `capture` and `restore` give and take everything that decides the future."""

    @abc.abstractmethod
    def reset(self) -> HostStart:
        """Begins a new trial in every simulator."""

    @abc.abstractmethod
    def send(self, action: Shaped[np.ndarray, "row ..."], rows: slice = slice(None)) -> None:
        """Hands one action to each of some simulators and returns at once where workers step them.

        **Arguments:**

        - `action`: integers `[row]` for a `Discrete` action space, else numbers `[row, action]`.
        - `rows`: which simulators; all, unless given.
        """

    @abc.abstractmethod
    def receive(self, rows: slice = slice(None)) -> HostStep:
        """Waits for the results of what was sent to these simulators. An ended episode or trial
        is followed by the next one, as in `Trial.step`."""

    @abc.abstractmethod
    def capture(self) -> Any:
        """Everything that decides the future of all simulators, as a pytree of arrays `[row, ...]`
        of constant structure, shapes and dtypes, between `receive` and the next `send`.

        Only where `restorable`.
        """

    @abc.abstractmethod
    def restore(self, captured: Any) -> None:
        """Puts all simulators into a captured state."""

    @abc.abstractmethod
    def close(self) -> None:
        """Ends workers and frees what simulators hold. Can be called more than once."""


class WatchedSimulators(Simulators):
    """Simulators of this process that can be looked at between a step and what follows it."""

    @abc.abstractmethod
    def advance(
        self, action: Shaped[np.ndarray, "row ..."], rows: slice = slice(None)
    ) -> Int[np.ndarray, " ended"]:
        """The part of `send` before anything begins anew. Then `receive` and `render` show how
        episodes ended; `begin` must follow.

        **Returns:** the rows whose episode ended, for `begin`.
        """

    @abc.abstractmethod
    def begin(self, ended: Int[np.ndarray, " ended"]) -> None:
        """The rest of `send`: begins what follows an episode or trial that ended, in these rows."""

    @abc.abstractmethod
    def render(self, row: int = 0) -> UInt8[np.ndarray, "height width 3"] | None:
        """A picture of one simulator's state: red, green and blue from 0 to 255, or None where the
        environment makes none."""
