"""Every recorded Minecraft maze, step by step: the recorded draws drive the dynamics."""

import json
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.recorded_trials import Recorded

from splagger.environments.minecraft_maze.minecraft_maze import MinecraftMaze, add_noise
from splagger.environments.minecraft_maze.scenes import PICTURES
from splagger.environments.registry import make_trial
from splagger.environments.trial import Trial

NAMES = ["MC-LS-v0", "MC-LSH-v0", "MC-LSN-v0"]
TASKS = 2


def load(folder: Path, name: str) -> dict[str, np.ndarray]:
    with np.load(folder / "traces" / f"env_{name}.npz") as file:
        return dict(file)


@eqx.filter_jit
def replay(trial: Trial, actions):
    key = jax.random.key(0)
    recorded = trial.environment
    assert isinstance(recorded, Recorded)
    maze = recorded.environment

    def step(state, action):
        # What the decision does to x is seen before the next episode begins.
        last, _ = maze.advance(state.task, state.state[0], action)
        state, result = trial.step(state, action, key)
        seen = maze.picture_number(state.task, state.state[0])
        return state, (result, state, last, seen, trial.task_information(state).vector)

    state, first = trial.reset(key)
    seen = maze.picture_number(state.task, state.state[0])
    return first, state, seen, jax.lax.scan(step, state, actions)[1]


def cut(results, length: int):
    return jax.tree.map(lambda leaf: leaf[:length], results)


@pytest.mark.parametrize("name", NAMES)
def test_trace(name: str, reference: Path):
    trace = load(reference, name)
    meta = json.loads(str(trace["meta"]))
    published = make_trial(name, boundary="start")
    maze = published.environment
    assert isinstance(maze, MinecraftMaze)
    assert published.episodes == meta["episodes_per_task"]
    assert published.observation_size == meta["obs_dim"]
    # The published code declares one step more than an episode can have.
    assert maze.max_episode_steps == meta["max_episode_steps"] - 1

    all_rows = [np.flatnonzero(trace["step/task_index"] == index) for index in range(TASKS)]
    longest = max(map(len, all_rows))
    for index, rows in enumerate(all_rows):
        recorded = {
            key.removeprefix("step/"): value[rows]
            for key, value in trace.items()
            if key.startswith("step/")
        }
        episodes = recorded["episode_index"]
        first_rooms = trace["reset/room_types"][index]
        second = np.flatnonzero(recorded["done_mdp"])[:1]
        second_rooms = recorded["room_types"][second[0]] if second.size else first_rooms
        environment = Recorded(
            replace(maze, noise=0.0),
            maze.task_of(jnp.asarray([trace["reset/colours"][index] == "g"])),
            # The next trial's start, which is not recorded, is that of the second episode.
            starts=(jnp.asarray([first_rooms, second_rooms, second_rooms], dtype=bool),),
            draws=(),
        )
        trial = Trial(environment, published.episodes, "start")
        actions = np.pad(trace["step/action"][rows], (0, longest - len(rows)))
        first, start, first_seen, results = jax.tree.map(
            np.asarray, replay(trial, jnp.asarray(actions))
        )
        steps, states, last, seen, tasks = cut(results, len(rows))

        assert PICTURES[first_seen] == trace["reset/picture"][index]
        assert first[-1] == trace["reset/obs_done_flag"][index]
        for key, field in (("phase", "phase"), ("step_num", "timestep"), ("x", "x"), ("y", "y")):
            assert getattr(start.state[0], field) == trace[f"reset/{key}"][index]

        np.testing.assert_array_equal(steps.reward, recorded["reward"].astype(np.float32))
        np.testing.assert_array_equal(steps.trial_end, recorded["done"])
        np.testing.assert_array_equal(steps.episode_end, recorded["done_mdp"])
        np.testing.assert_array_equal(steps.truncated, recorded["bad_transition"])
        np.testing.assert_array_equal(steps.episode, episodes)
        np.testing.assert_array_equal(steps.success, recorded["reward"] == 4.0)
        np.testing.assert_array_equal(tasks, recorded["task"])
        np.testing.assert_array_equal(steps.next_observation[:, -1], recorded["obs_done_flag"])

        # After the last step the record is still in its trial, ours at the start of a new one.
        inside = ~steps.trial_end
        here = {
            field: np.where(inside, getattr(states.state[0], field), getattr(last, field))
            for field in ("phase", "room", "x", "y", "timestep")
        }
        for key, field in (("phase", "phase"), ("step_num", "timestep"), ("x", "x"), ("y", "y")):
            np.testing.assert_array_equal(here[field], recorded[key], err_msg=key)
        np.testing.assert_array_equal(here["room"], recorded["room"])
        np.testing.assert_array_equal(np.array(PICTURES)[seen][inside], recorded["picture"][inside])
        assert all(picture == "end" for picture in recorded["picture"][~inside])


def test_what_is_recorded_is_rich_enough(reference: Path):
    long_short = load(reference, "MC-LS-v0")
    lengths = np.diff(np.flatnonzero(long_short["step/done_mdp"]), prepend=-1)
    # The shortest way, and an episode that times out.
    assert lengths.min() == 98
    assert lengths.max() == 200
    assert {-3.0, 4.0} <= set(long_short["step/reward"])
    assert load(reference, "MC-LSH-v0")["reset/picture"].tolist() == ["black", "black"]


def test_recorded_noise(reference: Path):
    trace = load(reference, "MC-LSN-v0")
    maze = make_trial("MC-LSN-v0").environment
    assert isinstance(maze, MinecraftMaze)
    noise = trace["step/noise"]
    assert noise.std() == pytest.approx(maze.noise, rel=0.03)
    drawn = jax.vmap(maze.draw_noise)(jax.random.split(jax.random.key(0), len(noise)))
    assert drawn.std() == pytest.approx(noise.std(), rel=0.03)
    observation = jnp.linspace(-1, 1, 300)
    np.testing.assert_array_equal(
        add_noise(observation, jnp.asarray(noise[0])),
        np.clip(np.asarray(observation) + noise[0], -1, 1),
    )
