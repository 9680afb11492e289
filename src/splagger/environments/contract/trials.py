"""Checks of an environment in trials: flags, counters, tasks, and what is seen where."""

from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key

from splagger.environments.contract.findings import Finding, failure, passed, warning
from splagger.environments.environment import Environment
from splagger.environments.random_actions import random_action
from splagger.environments.trial import Trial, TrialState, TrialStep
from splagger.environments.trial_description import BOUNDARIES

CHECK = "trials"
"""The name of these checks."""

EPISODES = 2
"""Episodes of the trials that are played."""

# After so many trials it is no accident if the task has never changed.
_ENOUGH = 20

_ROUNDING = 1e-4


class TrialMoment(eqx.Module):
    """One step of a trial, and whether it was as promised."""

    reward: Float[Array, "*batch"]
    """The reward."""
    episode_end: Bool[Array, "*batch"]
    """Whether an episode ended."""
    trial_end: Bool[Array, "*batch"]
    """Whether the trial ended."""
    counted: Bool[Array, "*batch"]
    """Whether episodes and steps were counted right."""
    same_task: Bool[Array, "*batch"]
    """Whether the task after the step is that of before."""
    seen: Bool[Array, "*batch"]
    """Whether memory and policy saw what every boundary convention promises."""


def play_trials(
    environment: Environment, key: Key[Array, ""], keys: Key[Array, " step"]
) -> TrialMoment:
    """Plays trials at random for as many steps as there are keys; fields are `[step]`."""
    trials = {name: Trial(environment, EPISODES, name) for name in BOUNDARIES}
    state, _ = trials["both"].reset(key)

    def advance(state: TrialState, key: Key[Array, ""]) -> tuple[TrialState, TrialMoment]:
        action_key, step_key = jax.random.split(key)
        action = random_action(environment.action_space, action_key)
        results = {name: trial.step(state, action, step_key) for name, trial in trials.items()}
        after, step = results["both"]
        one = jnp.ones((), int)
        counted = (
            (step.episode == state.episode)
            & (after.steps == jnp.where(step.episode_end, 0, state.steps + one))
            & (
                after.episode
                == jnp.where(step.trial_end, 0, state.episode + step.episode_end.astype(int))
            )
            & (step.trial_end == (step.episode_end & (state.episode == EPISODES - 1)))
        )
        return after, TrialMoment(
            reward=step.reward,
            episode_end=step.episode_end,
            trial_end=step.trial_end,
            counted=counted,
            same_task=_same(state.task, after.task),
            seen=_as_promised(*(results[name][1] for name in ("both", "terminal", "start"))),
        )

    return jax.lax.scan(advance, state, keys)[1]


def _as_promised(both: TrialStep, terminal: TrialStep, start: TrialStep) -> Bool[Array, ""]:
    inside = both.episode_end & ~both.trial_end
    ended = both.episode_end.astype(both.observation.dtype)
    last, first = both.next_observation[:-1], both.observation[:-1]

    def shows(shown: Array, observation: Array, flag: Any) -> Array:
        # The three trials are fused differently, and may round differently.
        alike = jnp.allclose(shown[:-1], observation, _ROUNDING, _ROUNDING, equal_nan=True)
        return alike & (shown[-1] == flag)

    ordinary = shows(both.next_observation, last, ended) & shows(both.observation, first, 0)
    at_terminal = shows(terminal.next_observation, last, ended) & jnp.where(
        inside, shows(terminal.observation, last, 1), shows(terminal.observation, first, 0)
    )
    at_start = jnp.where(
        inside,
        shows(start.next_observation, first, 1) & shows(start.observation, first, 1),
        shows(start.next_observation, last, ended) & shows(start.observation, first, 0),
    )
    return ordinary & at_terminal & at_start


def _same(one: Any, other: Any) -> Bool[Array, ""]:
    """Whether two pytrees are equal; NaN equals itself."""
    equal = [
        jnp.all((a == b) | ((a != a) & (b != b)))
        for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    ]
    return jnp.all(jnp.stack(equal)) if equal else jnp.ones((), bool)


def check_trials(environment: Environment, moments: TrialMoment) -> Iterator[Finding]:
    """Checks what `play_trials` noted; the fields are arrays `[row, step]` of NumPy."""
    if not np.any(moments.episode_end):
        yield passed(CHECK, "step", f"no episode ended in {moments.reward.shape[1]} steps")
        return
    if not np.all(moments.counted & moments.seen):
        yield failure(
            CHECK,
            "reset and step",
            "where an episode ends in a trial, reset and step do not return the same for the same "
            "arguments.",
            "Take all that is random from the key, and all that changes from the state.",
        )
    kept = moments.same_task | moments.trial_end
    if not np.all(kept):
        yield failure(
            CHECK,
            "step",
            "step and reset keep no task: it changes inside a trial.",
            "Keep the task as it is; what changes belongs into the state.",
        )
    ends = int(np.sum(moments.trial_end))
    if environment.tasks != 1 and ends >= _ENOUGH and np.all(moments.same_task[moments.trial_end]):
        yield warning(
            CHECK,
            "sample_task",
            f"the task stayed the same over the ends of {ends} trials.",
            "Let the task depend on the key.",
        )
    yield passed(
        CHECK, "step", f"{int(np.sum(moments.episode_end))} episodes and {ends} trials ended"
    )
    yield from _check_optimum(environment, moments)


def _check_optimum(environment: Environment, moments: TrialMoment) -> Iterator[Finding]:
    check, method = "optimal return", "optimal_return"
    optimum = environment.optimal_return(EPISODES)
    finished = np.any(moments.trial_end, axis=1)
    # Of long trials those that are over may be the lucky ones.
    if optimum is None or not np.all(finished):
        return
    before = np.cumsum(moments.trial_end, axis=1) - moments.trial_end == 0
    returns = np.sum(moments.reward * before, axis=1)
    # So far above the optimum that it is no luck.
    error = np.std(returns, ddof=1) / np.sqrt(len(returns))
    tolerance = 1e-4 * max(1.0, abs(optimum))
    if np.mean(returns) > optimum + 5 * error + tolerance:
        yield failure(
            check,
            method,
            f"optimal_return({EPISODES}) is {optimum:g}, but random play got "
            f"{np.mean(returns):g} in the mean of {len(returns)} trials.",
            "Return the expected return of the best agent over all episodes of a trial.",
        )
    else:
        yield passed(check, method, f"{optimum:g}; random play got {np.mean(returns):.3g}")
