"""Recorded trials of the published environments, and what ours do with the same draws."""

import json
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from splagger.environments.environment import Environment
from splagger.environments.trial import Trial, TrialState


class Recorded(Environment):
    """An environment whose draws come from a record."""

    environment: Any
    task: Any
    """The recorded task."""
    starts: tuple
    """What was drawn at the start of every episode, and once more for the trial after the last:
    the arguments of `start`."""
    draws: tuple
    """What was drawn in every step: the arguments of `advance`; empty where nothing is random."""

    @property
    def observation_space(self):
        return self.environment.observation_space

    @property
    def action_space(self):
        return self.environment.action_space

    @property
    def max_episode_steps(self):
        return self.environment.max_episode_steps

    def sample_task(self, key):
        return self.task

    def reset(self, task, state, key):
        episode, step = (jnp.zeros((), int),) * 2 if state is None else (state[1] + 1, state[2])
        starts = jax.tree.map(lambda draws: draws[episode], self.starts)
        state, observation = self.environment.start(task, *starts)
        return (state, episode, step), observation

    def step(self, task, state, action, key):
        state, episode, step = state
        if self.draws:
            draws = jax.tree.map(lambda draws: draws[step], self.draws)
            state, result = self.environment.advance(task, state, action, *draws)
        else:
            state, result = self.environment.step(task, state, action, key)
        return (state, episode, step + 1), result

    def task_vector(self, task, state):
        return self.environment.task_vector(task, state[0])


class Record(eqx.Module):
    """One recorded trial."""

    rows: dict[str, np.ndarray]
    """What was recorded of every step."""
    start: dict[str, np.ndarray]
    """What was recorded of the start."""


def read_records(reference: Path, published: str) -> tuple[dict[str, Any], list[Record]]:
    """The settings of a file of recorded trials, and the trials."""
    with np.load(reference / "traces" / f"env_{published}.npz") as file:
        trace = dict(file)

    def part(prefix: str, rows: np.ndarray | int) -> dict[str, np.ndarray]:
        chosen = {key: value for key, value in trace.items() if key.startswith(prefix)}
        return {key.removeprefix(prefix): value[rows] for key, value in chosen.items()}

    indices = range(len(trace["reset/obs"]))
    return json.loads(str(trace["meta"])), [
        Record(part("step/", trace["step/task_index"] == index), part("reset/", index))
        for index in indices
    ]


@eqx.filter_jit
def replay(trial: Trial, actions):
    """Takes the actions in a trial of a `Recorded` environment: the first observation, the state at
    the start, and of every step the result, the state after it and the task vector."""
    key = jax.random.key(0)

    def step(state, action):
        state, result = trial.step(state, action, key)
        return state, (result, state, trial.task_information(state).vector)

    state, first = trial.reset(key)
    return first, state, jax.lax.scan(step, state, actions)[1]


def assert_replayed(
    trial: Trial, record: Record, *, tolerance: float = 0.0
) -> tuple[TrialState, TrialState]:
    """Replays a recorded trial of an ordinary environment, not a maze, and compares all but states.

    **Arguments:**

    - `trial`: of a `Recorded` environment, boundary "terminal" or "both".
    - `record`: what was recorded.
    - `tolerance`: largest absolute difference of observations, rewards and task vectors.

    **Returns:** the state at the start and those after every step but the last, where our trial
    has begun anew already.
    """
    rows = record.rows
    replayed = replay(trial, jnp.asarray(rows["action"]))
    first, start, (steps, states, tasks) = jax.tree.map(np.asarray, replayed)

    def same(ours, recorded):
        np.testing.assert_allclose(ours, recorded, rtol=0, atol=tolerance)

    assert first.dtype == np.float64
    same(first, record.start["obs"])
    same(steps.reward, rows["reward"])
    np.testing.assert_array_equal(steps.trial_end, rows["done"])
    np.testing.assert_array_equal(steps.episode_end, rows["done_mdp"])
    np.testing.assert_array_equal(steps.truncated, rows["bad_transition"])
    np.testing.assert_array_equal(steps.episode, rows["episode_index"])
    same(tasks[:-1], rows["task"][:-1])

    same(steps.next_observation, rows["obs"])
    inside = np.flatnonzero(rows["done_mdp"].astype(bool) & ~rows["done"].astype(bool))
    assert len(inside) == trial.episodes - 1
    acted_on = rows["obs"].copy()
    if trial.boundary == "both":
        acted_on[inside] = rows["start_state"][inside]
    same(steps.observation[:-1], acted_on[:-1])
    same(steps.observation[-1], first)
    return start, jax.tree.map(lambda leaf: leaf[:-1], states)
