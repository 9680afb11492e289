"""What the checks of numbers look at: random play, compiled once and run with different inputs."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from splagger.environments.contract.explanations import watching
from splagger.environments.contract.play import Episode, play_episode
from splagger.environments.contract.programs import Program, is_key, row
from splagger.environments.contract.trials import EPISODES, TrialMoment, play_trials
from splagger.environments.environment import Environment

MOST_STEPS = 1000
"""Longer episodes are played no further than this."""

_CHECK = "random play"
_SEED = 20240
_ROWS = 32
_UNROLLED = 3


class Evidence(eqx.Module):
    """What random play showed. Arrays are NumPy's, `[row, step]` unless something else is said.

    Random keys, which may be in tasks and states, stay jax's.
    """

    tasks: Any
    """The drawn tasks, `[row, ...]`."""
    episode: Episode
    """An episode in every task."""
    again: Episode
    """The same program with the same keys."""
    elsewhere: Episode
    """The same with the same keys, but in the task of the row before."""
    single: Episode
    """The first steps of the first row alone, `[step]`."""
    compiled: bool
    """Whether they were compiled, as is done with large programs only."""


def play_at_random(environment: Environment) -> Evidence:
    """Plays episodes, always with the same seed.

    **Raises:** `Breach` where the environment raises an exception.
    """
    steps = min(environment.max_episode_steps, MOST_STEPS)
    task_key, start_key, step_key = jax.random.split(jax.random.key(_SEED), 3)
    task_keys, start_keys = (jax.random.split(key, _ROWS) for key in (task_key, start_key))
    keys = jax.random.split(step_key, (_ROWS, steps))
    with watching(_CHECK, "sample_task", type(environment)):
        tasks = Program(_sample, environment, task_keys)(task_keys)
    with watching(_CHECK, "step", type(environment)):
        play = Program(_play, environment, tasks, start_keys, keys)
        others = jax.tree.map(lambda leaf: jnp.roll(leaf, 1, axis=0), tasks)
        first = row((tasks, start_keys, keys[:, :_UNROLLED]), 0)
        alone = Program(_play_unrolled, environment, *first)
        evidence = Evidence(
            tasks=tasks,
            episode=play(tasks, start_keys, keys),
            again=play(tasks, start_keys, keys),
            elsewhere=play(others, start_keys, keys),
            single=_play_unrolled(environment, *first) if alone.small else alone(*first),
            compiled=not alone.small,
        )
    return jax.tree.map(
        lambda leaf: np.asarray(leaf) if isinstance(leaf, Array) and not is_key(leaf) else leaf,
        evidence,
    )


def play_trials_at_random(environment: Environment) -> TrialMoment:
    """Plays trials, always with the same seed, long enough for a whole one.

    **Returns:** every step; arrays of NumPy, `[row, step]`.

    **Raises:** `Breach` where the environment raises an exception.
    """
    steps = min(EPISODES * environment.max_episode_steps + 1, EPISODES * MOST_STEPS)
    start_key, step_key = jax.random.split(jax.random.key(_SEED + 1))
    arguments = (jax.random.split(start_key, _ROWS), jax.random.split(step_key, (_ROWS, steps)))
    with watching(_CHECK, "step", type(environment)):
        moments = Program(_play_trials, environment, *arguments)(*arguments)
    return jax.tree.map(np.asarray, moments)


def _sample(environment: Environment, keys: Any) -> Any:
    return jax.vmap(environment.sample_task)(keys)


def _play(environment: Environment, tasks: Any, start_keys: Any, keys: Any) -> Episode:
    def one(task: Any, start_key: Any, keys: Any) -> Episode:
        return play_episode(environment, task, start_key, keys)

    return jax.vmap(one)(tasks, start_keys, keys)


def _play_unrolled(environment: Environment, task: Any, start_key: Any, keys: Any) -> Episode:
    return play_episode(environment, task, start_key, keys, unrolled=True)


def _play_trials(environment: Environment, start_keys: Any, keys: Any) -> TrialMoment:
    return jax.vmap(lambda start_key, keys: play_trials(environment, start_key, keys))(
        start_keys, keys
    )
