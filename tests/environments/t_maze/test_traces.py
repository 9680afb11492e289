"""Every recorded T-maze, step by step: the recorded draws drive the dynamics."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.recorded_trials import Recorded, replay

from splagger.environments.registry import make_trial
from splagger.environments.t_maze.t_maze import TMaze, TMazeTask
from splagger.environments.trial import Trial

NAMES = [
    "T-LN-v0",
    "T-LN-P1-v0",
    "T-LS-P1-v0",
    "T-LN-P1-A50-v0",
    "T-LN-P1-A50-pos-v0",
    "T-LN-P1-LDp7p5-v0",
]
TASKS = 2


def cut(results, length: int):
    return jax.tree.map(lambda leaf: leaf[:length], results)


def recorded_draws(trace: dict, rows: np.ndarray, first: int) -> tuple[list[int], list[int]]:
    """The checks that were drawn at the starts of episodes, and in steps: one of each where an
    episode ends inside a trial."""
    starts, steps = [first], []
    for row in rows:
        terminal_check = trace["step/term_state"][row, 3]
        if np.isnan(terminal_check):
            steps.append(int(trace["step/check"][row]))
        else:
            steps.append(2 if terminal_check > 0 else 3)
            starts.append(int(trace["step/check"][row]))
    return starts, steps


@pytest.mark.parametrize("boundary", ["start", "both"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("float64")
def test_trace(name: str, boundary, reference: Path):
    with np.load(reference / "traces" / f"env_{name}.npz") as file:
        trace = dict(file)
    meta = json.loads(str(trace["meta"]))
    published = make_trial(name, boundary=boundary)
    maze = published.environment
    assert isinstance(maze, TMaze)
    assert published.episodes == meta["episodes_per_task"]
    assert published.observation_size == meta["obs_dim"]
    assert maze.max_episode_steps == meta["max_episode_steps"]

    # Both tasks are padded to one length, so that one compilation serves them.
    all_rows = [np.flatnonzero(trace["step/task_index"] == index) for index in range(TASKS)]
    longest = max(map(len, all_rows))
    for index, rows in enumerate(all_rows):
        starts, draws = recorded_draws(trace, rows, trace["reset/check"][index])
        environment = Recorded(
            maze,
            TMazeTask(jnp.asarray(trace["reset/task"][index], dtype=int)),
            # The next trial's start, which is not recorded, is that of this one.
            starts=(jnp.asarray([*starts, starts[0]]),),
            draws=(jnp.asarray([*draws, *[2] * (longest - len(rows))]),),
        )
        trial = Trial(environment, published.episodes, boundary)
        actions = np.pad(trace["step/action"][rows], (0, longest - len(rows)))
        first, start, results = jax.tree.map(np.asarray, replay(trial, jnp.asarray(actions)))
        steps, states, tasks = cut(results, len(rows))
        recorded = {
            key.removeprefix("step/"): value[rows]
            for key, value in trace.items()
            if key.startswith("step/")
        }

        assert first.dtype == np.float64
        np.testing.assert_array_equal(first, trace["reset/obs"][index])
        assert start.state[0].position == trace["reset/pos"][index]
        assert start.state[0].timestep == trace["reset/timestep"][index]

        np.testing.assert_array_equal(steps.reward, recorded["reward"])
        np.testing.assert_array_equal(steps.trial_end, recorded["done"])
        np.testing.assert_array_equal(steps.episode_end, recorded["done_mdp"])
        np.testing.assert_array_equal(steps.truncated, recorded["bad_transition"])
        np.testing.assert_array_equal(steps.episode, recorded["episode_index"])
        np.testing.assert_array_equal(steps.success, recorded["reward"] == 4.0)
        np.testing.assert_array_equal(tasks, recorded["task"])

        # After the last step the maze already stands at the start of a new trial.
        assert np.flatnonzero(steps.trial_end).tolist() == [len(rows) - 1]
        np.testing.assert_array_equal(states.state[0].position[:-1], recorded["pos"][:-1])
        np.testing.assert_array_equal(states.state[0].timestep[:-1], recorded["timestep"][:-1])
        np.testing.assert_array_equal(states.state[0].check[:-1], recorded["check"][:-1])
        np.testing.assert_array_equal(steps.observation[-1], first)

        inside = ~np.isnan(recorded["term_state"][:, 0])
        assert inside.sum() == published.episodes - 1
        if boundary == "start":
            np.testing.assert_array_equal(steps.next_observation, recorded["obs"])
            np.testing.assert_array_equal(steps.observation[:-1], recorded["obs"][:-1])
        else:
            ordinary = ~inside
            np.testing.assert_array_equal(
                steps.next_observation[ordinary], recorded["obs"][ordinary]
            )
            np.testing.assert_array_equal(
                steps.next_observation[inside], recorded["term_state"][inside]
            )
            # The record overwrote the flag of the start observation.
            np.testing.assert_array_equal(
                steps.observation[inside][:, :-1], recorded["start_state"][inside][:, :-1]
            )
            assert not steps.observation[inside][:, -1].any()


def test_a_recorded_maze_times_out(reference: Path):
    # Otherwise the replay would say nothing about timeouts.
    with np.load(reference / "traces" / "env_T-LS-P1-v0.npz") as trace:
        lengths = np.diff(np.flatnonzero(trace["step/done_mdp"]), prepend=-1)
    assert 151 in lengths
