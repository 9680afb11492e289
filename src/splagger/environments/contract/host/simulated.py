"""Plays of simulators, as training makes them, in arrays that can be compared."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int, Shaped

from splagger.environments.contract.findings import Breach, failure
from splagger.environments.host.host_environment import HostEnvironment
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import SimulatorError, Simulators
from splagger.environments.trial_description import Boundary

EPISODES = 2
"""Episodes of the trials that are played."""


@contextmanager
def simulating(check: str, method: str, fix: str) -> Iterator[None]:
    """Turns a failure of simulators inside into a `Breach`.

    **Arguments:**

    - `check`, `method`, `fix`: those of the failure.
    """
    try:
        yield
    except SimulatorError as error:
        raise Breach(failure(check, method, str(error), fix)) from error


def short_trial(
    environment: HostEnvironment, most_steps: int, boundary: Boundary = "both"
) -> HostTrial:
    """Trials of two episodes that are cut off soon, so that a short play sees whole ones.

    **Arguments:**

    - `environment`: what is simulated.
    - `most_steps`: where episodes are cut off, if not earlier.
    - `boundary`: what is seen where an episode ends.
    """
    return HostTrial(environment.shortened(most_steps), EPISODES, boundary)


@dataclass(frozen=True)
class Steps:
    """The steps of a play, as `HostStep` describes one, with the axes `[step, row, ...]`."""

    next_observation: Float32[np.ndarray, "step row observation"]
    """What the memory sees as the end of the transition."""
    observation: Float32[np.ndarray, "step row observation"]
    """What the policy acts on next."""
    reward: Float32[np.ndarray, "step row"]
    """The reward."""
    episode_end: Bool[np.ndarray, "step row"]
    """Whether the transition ended an episode."""
    trial_end: Bool[np.ndarray, "step row"]
    """Whether it ended the trial."""
    truncated: Bool[np.ndarray, "step row"]
    """Whether it ended an episode by a time limit."""
    success: Bool[np.ndarray, "step row"]
    """Whether it ended an episode that was a success."""
    episode: Int[np.ndarray, "step row"]
    """Index in the trial of the episode that it belongs to."""
    task: Float32[np.ndarray, "step row task"]
    """The task that runs after the step, as numbers."""


def play_steps(simulators: Simulators, actions: Shaped[np.ndarray, "step row ..."]) -> Steps:
    """Steps simulators whose trials have begun."""
    played = []
    for chosen in actions:
        simulators.send(chosen)
        step = simulators.receive()
        played.append(vars(step) | {"task": step.tasks.vector})
    names = [field.name for field in dataclasses.fields(Steps)]
    return Steps(**{name: np.stack([step[name] for step in played]) for name in names})


def first_difference(one: Steps, other: Steps) -> tuple[int, str] | None:
    """Where two plays differ first.

    **Returns:** the steps before it, and what differs; None where they are equal.
    """
    found = [
        (int(np.argwhere(here != there)[0, 0]), name)
        for name, here, there in (
            (name, vars(one)[name], vars(other)[name])
            for name in ("episode_end", "reward", "success", "next_observation", "observation")
        )
        if np.any(here != there)
    ]
    return min(found, key=lambda place: place[0], default=None)
