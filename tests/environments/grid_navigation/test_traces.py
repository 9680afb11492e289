"""Every recorded grid and hall, step by step: the recorded draws drive the dynamics."""

import json
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Int

from splagger.environments.environment import Environment
from splagger.environments.grid_navigation.grid_navigation import GridNavigation, GridTask
from splagger.environments.registry import make_trial
from splagger.environments.trial import Trial

NAMES = [
    "GridNavi-v0",
    "GridNavi-dense-v0",
    "GridNavi-show_start-v0",
    "Grid7-15-mid-v0",
    "Grid7-15-mid-ring-v0",
    "Grid7-20-newr-rands-v0",
    "Grid16-Hall1-H20-rshape-v0",
    "Hall-L60H80-rshape-v0",
    "Hall-L60H200-v0",
    "Hall-L60H200-obs-v0",
    "Hall-L60H200-obs-rshape-v0",
    "Hall-L60H200-obs-rshape5x-v0",
]
TASKS = 2


class Recorded(Environment):
    """A grid whose goal, starts and hints come from a record, in their order."""

    grid: GridNavigation
    goal: Int[Array, "2"]
    starts: Int[Array, "episodes 2"]
    hints: Int[Array, "steps"]

    @property
    def observation_space(self):
        return self.grid.observation_space

    @property
    def action_space(self):
        return self.grid.action_space

    @property
    def max_episode_steps(self):
        return self.grid.max_episode_steps

    truncates = GridNavigation.truncates

    def sample_task(self, key):
        return GridTask(self.goal)

    def reset(self, task, state, key):
        grid_state, episode, cursor = (None, 0, 0) if state is None else state
        started, observation = self.grid.start(task, grid_state, self.starts[episode])
        return (started, jnp.asarray(episode) + 1, jnp.asarray(cursor)), observation

    def step(self, task, state, action, key):
        grid_state, episode, cursor = state
        grid_state, step = self.grid.advance(task, grid_state, action, self.hints[cursor])
        return (grid_state, episode, cursor + 1), step

    def task_vector(self, task, state):
        return self.grid.task_vector(task, state[0])


@eqx.filter_jit
def replay(trial: Trial, actions):
    key = jax.random.key(0)

    def step(state, action):
        # What belongs to the end of this step, before the next episode or trial begins.
        (ended, _, _), _ = trial.environment.step(state.task, state.state, action, key)
        state, result = trial.step(state, action, key)
        return state, (result, ended, state, trial.task_information(state).vector)

    state, first = trial.reset(key)
    return first, state, jax.lax.scan(step, state, actions)[1]


def recorded_hints(trace: dict, rows: np.ndarray) -> np.ndarray:
    """The wrong hint of every step that has one: the only draws of a step that are one number."""
    hints = np.zeros(len(rows), dtype=int)
    for step, phase, start, end in zip(
        trace["draws/step"],
        trace["draws/phase"],
        trace["draws/offset"],
        trace["draws/offset"][1:],
        strict=False,
    ):
        if phase == "step" and end - start == 1 and step in rows:
            hints[step - rows[0]] = trace["draws/values"][start]
    return hints


@pytest.mark.parametrize(
    ("name", "boundary"),
    [
        *((name, "terminal") for name in NAMES),
        ("Grid7-20-newr-rands-v0", "both"),
        ("Hall-L60H200-obs-rshape-v0", "both"),
    ],
)
@pytest.mark.usefixtures("float64")
def test_trace(name: str, boundary, reference: Path):
    with np.load(reference / "traces" / f"env_{name}.npz") as file:
        trace = dict(file)
    meta = json.loads(str(trace["meta"]))
    believes = "step/belief" in trace
    published = make_trial(f"{name}:track_belief={str(believes).lower()}", boundary=boundary)
    grid = published.environment
    assert isinstance(grid, GridNavigation)
    assert published.episodes == meta["episodes_per_task"]
    assert published.observation_size == meta["obs_dim"]
    assert grid.max_episode_steps == meta["max_episode_steps"]
    np.testing.assert_array_equal(grid.possible_goals, trace["possible_goals"])

    for index in range(TASKS):
        rows = np.flatnonzero(trace["step/task_index"] == index)
        recorded = {
            key.removeprefix("step/"): value[rows]
            for key, value in trace.items()
            if key.startswith("step/")
        }
        inside = ~np.isnan(recorded["start_state"][:, 0])
        assert inside.sum() == published.episodes - 1
        starts = [trace["reset/state"][index], *recorded["start_state"][inside][:, :2]]
        environment = Recorded(
            grid,
            goal=jnp.asarray(trace["reset/task"][index], dtype=int),
            starts=jnp.asarray(np.stack(starts), dtype=int),
            hints=jnp.asarray(recorded_hints(trace, rows)),
        )
        trial = Trial(environment, published.episodes, boundary)
        first, start, (steps, ended, states, tasks) = jax.tree.map(
            np.asarray, replay(trial, jnp.asarray(recorded["action"]))
        )

        assert first.dtype == np.float64
        np.testing.assert_array_equal(first, trace["reset/obs"][index])
        np.testing.assert_array_equal(start.state[0].position, trace["reset/state"][index])

        np.testing.assert_allclose(steps.reward, recorded["reward"], rtol=1e-15)
        np.testing.assert_array_equal(steps.trial_end, recorded["done"])
        np.testing.assert_array_equal(steps.episode_end, recorded["done_mdp"])
        np.testing.assert_array_equal(steps.truncated, recorded["bad_transition"])
        np.testing.assert_array_equal(steps.episode, recorded["episode_index"])
        np.testing.assert_array_equal(tasks, recorded["task"])
        by_episode = recorded["reward"].reshape(published.episodes, -1)
        np.testing.assert_array_equal(
            steps.success[steps.episode_end], (by_episode == grid.success_reward).any(axis=1)
        )

        # After the last step the grid already stands at the start of a new trial; the record does
        # not.
        np.testing.assert_array_equal(states.state[0].position[:-1], recorded["state"][:-1])
        np.testing.assert_array_equal(ended.position[-1], recorded["state"][-1])
        np.testing.assert_array_equal(steps.observation[-1], first)
        if grid.new_goal_reward is not None:
            goals = np.ravel_multi_index(
                np.transpose(grid.possible_goals), (grid.size, grid.height)
            )
            left = (~ended.visited[:, goals]).sum(axis=1)
            np.testing.assert_array_equal(left, recorded["n_unchecked"])
        if believes:
            np.testing.assert_allclose(ended.belief, recorded["belief"], rtol=1e-12)

        np.testing.assert_array_equal(steps.next_observation, recorded["obs"])
        ordinary = np.append(~inside[:-1], False)
        np.testing.assert_array_equal(steps.observation[ordinary], recorded["obs"][ordinary])
        acted = recorded["obs"] if boundary == "terminal" else recorded["start_state"]
        np.testing.assert_array_equal(steps.observation[inside], acted[inside])


def test_the_records_have_what_matters(reference: Path):
    # Otherwise the replays would say little.
    for name in NAMES:
        with np.load(reference / "traces" / f"env_{name}.npz") as trace:
            assert (trace["step/reward"] >= 1).any()
    with np.load(reference / "traces" / "env_GridNavi-v0.npz") as trace:
        assert (trace["step/belief"].max(axis=1) == 1).any()
