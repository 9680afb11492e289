"""Checks of the numbers that random play showed: observations, rewards, ends, indices."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from splagger.environments.contract.evidence import MOST_STEPS, Evidence
from splagger.environments.contract.findings import Finding, failure, passed, warning
from splagger.environments.contract.play import Look, Moment
from splagger.environments.environment import Environment

OBSERVATIONS = "observations"
"""The name of the checks of observations."""


def check_look(
    environment: Environment, method: str, looks: Look, counts: Any
) -> Iterator[Finding]:
    """Checks that observations are finite and within their bounds.

    **Arguments:**

    - `environment`: whose observations they are.
    - `method`: what returned them.
    - `looks`: at the observations; arrays of NumPy of any shape.
    - `counts`: which of them count.
    """
    counts = np.asarray(counts)
    bad = np.asarray(~looks.finite & counts)
    if np.any(bad):
        yield failure(
            OBSERVATIONS,
            method,
            f"{_share(bad, counts)} that {method} returned hold nan or inf, first in entry "
            f"{looks.entry[bad][0]}.",
            "Look for divisions by 0, roots and logarithms of numbers that may be negative, and "
            "numbers that grow without end.",
        )
        return
    outside = np.asarray((looks.excess > 0) & counts)
    if np.any(outside):
        # The most extreme one says most.
        worst = np.argmax(np.where(outside, looks.excess, 0))
        entry, value = np.ravel(looks.entry)[worst], np.ravel(looks.value)[worst]
        low, high = (bounds[entry] for bounds in environment.observation_space.bounds)
        yield failure(
            OBSERVATIONS,
            method,
            f"{_share(outside, counts)} that {method} returned are out of bounds: entry {entry} "
            f"is {value:g}, but observation_space says {low:g} to {high:g}.",
            "Widen the bounds of observation_space, or clip the observation.",
        )
    else:
        yield passed(OBSERVATIONS, method, f"{np.sum(counts)} are finite and within their bounds")


def check_steps(environment: Environment, evidence: Evidence) -> Iterator[Finding]:
    """Checks the steps of random play."""
    moments = evidence.episode.moments
    yield from check_look(environment, "step", moments.observation, moments.running)
    yield from _check_rewards(np.asarray(moments.reward[moments.running]))
    yield from _check_ends(environment, evidence)
    yield from _check_indices(environment, evidence)


def _check_rewards(rewards: np.ndarray) -> Iterator[Finding]:
    check = "rewards"
    bad = ~np.isfinite(rewards)
    if np.any(bad):
        yield failure(
            check,
            "step",
            f"{np.sum(bad)} of {len(rewards)} rewards that step returned are nan or inf.",
            "Look for divisions by 0, logarithms of 0 and numbers that grow without end.",
        )
    else:
        yield passed(check, "step", f"from {np.min(rewards):g} to {np.max(rewards):g}")


def _check_ends(environment: Environment, evidence: Evidence) -> Iterator[Finding]:
    check = "ends of episodes"
    moments = evidence.episode.moments
    # What follows an end is of no interest.
    ended = (moments.terminated | moments.truncated | moments.diverged) & moments.running
    longest = environment.max_episode_steps
    endless = ~np.any(ended, axis=1)
    if not environment.truncates:
        if np.any(moments.truncated & moments.running):
            yield failure(
                check,
                "step",
                "step says that an episode was truncated, but truncates is False, so that nothing "
                "comes of it.",
                "Remove truncates = False, or return terminated instead of truncated.",
            )
        elif np.any(endless) and longest <= MOST_STEPS:
            yield failure(
                check,
                "step",
                f"{np.sum(endless)} of {len(endless)} episodes had not terminated after "
                f"max_episode_steps = {longest} steps, but truncates is False, which promises it.",
                "Terminate them, raise max_episode_steps, or remove truncates = False.",
            )
    if not environment.has_success and np.any(moments.success & moments.running):
        yield warning(
            check,
            "has_success",
            "step reports successes, but has_success is False, so that nobody counts them.",
            "Set has_success = True in the class.",
        )
    yield from _check_divergence(environment, moments)
    lengths = np.sum(moments.running, axis=1)
    yield passed(
        check,
        "step",
        f"{np.sum(~endless)} of {len(endless)} ended by themselves; {np.min(lengths)} to "
        f"{np.max(lengths)} steps of at most {longest}",
    )


def _check_divergence(environment: Environment, moments: Moment) -> Iterator[Finding]:
    check = "divergence"
    diverged = moments.diverged & moments.running
    if not np.any(diverged):
        return
    if not environment.may_diverge:
        yield failure(
            check,
            "may_diverge",
            "step says that it diverged, but may_diverge is False, so that nobody counts it.",
            "Set may_diverge = True in the class.",
        )
    paid = moments.reward[diverged]
    if np.any(paid != 0):
        yield failure(
            check,
            "step",
            f"a step that diverged has the reward {paid[paid != 0][0]:g}: an agent would learn "
            "from the simulator's failure.",
            "Return the reward 0 there, and state and observation from before the step.",
        )
    yield passed(
        check, "step", f"{np.sum(diverged)} of {len(diverged)} episodes ended because it diverged"
    )


def _check_indices(environment: Environment, evidence: Evidence) -> Iterator[Finding]:
    check, method = "task index", "task_index"
    tasks = environment.tasks
    running = evidence.episode.moments.running
    later = evidence.episode.moments.task_index[running]
    indices = np.concatenate([evidence.episode.start_index, later])
    most = 1 if tasks is None else tasks
    wrong = indices[(indices < 0) | (indices >= most)]
    if len(wrong):
        yield failure(
            check,
            method,
            f"task_index is {wrong[0]}, but tasks is {tasks}.",
            f"Return 0 to {most - 1}, or set tasks to how many tasks there are.",
        )
    elif most > 1 and np.all(indices == indices[0]):
        # An index of the environment's own may be right where the other tasks are rare.
        forgotten = type(environment).task_index is Environment.task_index
        yield (failure if forgotten else warning)(
            check,
            method,
            f"tasks is {tasks}, but task_index was {indices[0]} in all of "
            f"{len(evidence.episode.start_index)} tasks.",
            "Define task_index(self, task, state) so that it numbers the tasks from 0"
            + ("." if forgotten else "; ignore this if all others are rare."),
        )
    elif tasks is not None:
        yield passed(check, method, f"{len(np.unique(indices))} of {tasks} tasks were seen")


def _share(bad: np.ndarray, counts: np.ndarray) -> str:
    return f"{np.sum(bad)} of {np.sum(counts)} observations"
