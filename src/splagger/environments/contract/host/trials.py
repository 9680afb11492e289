"""Checks of simulators in trials: flags, counters, tasks, and what is seen where."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
from jaxtyping import Bool

from splagger.environments.contract.findings import Breach, Finding, failure, passed
from splagger.environments.contract.host.play import random_actions
from splagger.environments.contract.host.simulated import (
    EPISODES,
    Steps,
    play_steps,
    short_trial,
    simulating,
)
from splagger.environments.contract.trials import CHECK
from splagger.environments.host.host_environment import HostEnvironment
from splagger.environments.trial_description import BOUNDARIES

_ROWS = 2
_LONGEST = 25
_STEPS = 120

_SEEDED = (
    "Draw all that is random from self.np_random, and keep what changes in attributes of self."
)


def check_trials(environment: HostEnvironment, steps: int = _STEPS) -> Iterator[Finding]:
    """Plays trials with every boundary convention and checks that all see the same trials.

    **Arguments:**

    - `environment`: what is checked, vectorised or not.
    - `steps`: how many are played.
    """
    actions = random_actions(environment, 2, steps * _ROWS)
    actions = actions.reshape(steps, _ROWS, *actions.shape[1:])
    plays: dict[str, Steps] = {}
    for boundary in BOUNDARIES:
        trial = short_trial(environment, _LONGEST, boundary)
        with (
            simulating(CHECK, "reset and step", "Change what it names."),
            closing(trial.simulators(range(_ROWS), workers=0)) as simulators,
        ):
            simulators.reset()
            plays[boundary] = play_steps(simulators, actions)
    both = plays["both"]
    if not all(_alike(both, play) for play in plays.values()) or not _as_promised(both, plays):
        raise Breach(
            failure(
                CHECK,
                "reset and step",
                "played again with the same seeds and actions, trials went otherwise.",
                _SEEDED,
            )
        )
    if not _counted(both):
        raise Breach(
            failure(
                CHECK,
                "reset and step",
                "episodes or the steps in them were not counted right, or the task changed inside "
                "a trial.",
                _SEEDED,
            )
        )
    episodes, trials = (int(np.sum(ends)) for ends in (both.episode_end, both.trial_end))
    yield passed(CHECK, "reset and step", f"{episodes} episodes and {trials} trials ended")


def _alike(one: Steps, other: Steps) -> bool:
    names = ("reward", "episode_end", "trial_end", "truncated", "success", "episode")
    return all(np.array_equal(vars(one)[name], vars(other)[name]) for name in names)


def _counted(steps: Steps) -> bool:
    """Whether flags, counters and tasks belong together."""
    ended = np.cumsum(steps.episode_end, axis=0) - steps.episode_end
    same_task = np.all(steps.task[1:] == steps.task[:-1], axis=-1)
    return bool(
        np.array_equal(steps.episode, ended % EPISODES)
        and np.array_equal(steps.trial_end, steps.episode_end & (steps.episode == EPISODES - 1))
        and np.all(same_task | steps.trial_end[1:])
    )


def _as_promised(both: Steps, plays: dict[str, Steps]) -> bool:
    """Whether memory and policy saw what every boundary convention promises."""
    inside = both.episode_end & ~both.trial_end
    last, first = both.next_observation, both.observation
    at_end = np.concatenate([first[..., :-1], np.ones_like(first[..., -1:])], -1)
    terminal, start = plays["terminal"], plays["start"]
    return bool(
        np.array_equal(last[..., -1], both.episode_end)
        and not first[..., -1].any()
        and np.array_equal(terminal.next_observation, last)
        and np.array_equal(terminal.observation, _where(inside, last, first))
        and np.array_equal(start.next_observation, _where(inside, at_end, last))
        and np.array_equal(start.observation, _where(inside, at_end, first))
    )


def _where(
    condition: Bool[np.ndarray, "step row"], chosen: np.ndarray, otherwise: np.ndarray
) -> np.ndarray:
    return np.where(condition[..., None], chosen, otherwise)
