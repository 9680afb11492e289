"""Plays of simulators, as training makes them, in arrays that can be compared."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jaxtyping import Shaped

from splagger.environments.contract.findings import Breach, failure
from splagger.environments.host.host_environment import HostEnvironment
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import HostStep, HostTasks, SimulatorError, Simulators
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
    steps = min(environment.max_episode_steps, most_steps)
    short = dataclasses.replace(environment, max_episode_steps=steps)
    return HostTrial(short, EPISODES, boundary)


def play_steps(simulators: Simulators, actions: Shaped[np.ndarray, "step row ..."]) -> HostStep:
    """Steps simulators whose trials have begun; fields are `[step, row, ...]`."""
    steps = []
    for chosen in actions:
        simulators.send(chosen)
        steps.append(simulators.receive())
    stacked = jax.tree.map(lambda *rows: np.stack(rows), *(_fields(step) for step in steps))
    return HostStep(**stacked | {"tasks": HostTasks(**stacked["tasks"])})


def first_difference(one: HostStep, other: HostStep) -> tuple[int, str] | None:
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


def _fields(step: HostStep) -> dict[str, Any]:
    return vars(step) | {"tasks": vars(step.tasks)}
