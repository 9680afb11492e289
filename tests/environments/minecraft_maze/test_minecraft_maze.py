import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.minecraft_maze.minecraft_maze import (
    Indicator,
    MinecraftMaze,
    MinecraftMazeState,
    MinecraftMazeTask,
    Phase,
)
from splagger.environments.minecraft_maze.moves import MinecraftMazeAction
from splagger.environments.minecraft_maze.pictures import observed_pictures
from splagger.environments.minecraft_maze.scenes import PICTURES
from splagger.environments.registry import make_trial
from splagger.foundation.errors import UserError

LEFT, FORWARD, RIGHT = (jnp.array(int(action)) for action in MinecraftMazeAction)

SMALL = MinecraftMaze(rooms=2, timeout=30, resolution=2)
advance = eqx.filter_jit(lambda maze, *arguments: maze.advance(*arguments))


def task(*green: bool, maze: MinecraftMaze = SMALL) -> MinecraftMazeTask:
    return maze.task_of(jnp.array(green))


def at(phase=Phase.ROOMS, x=0, y=0, room=0, timestep=1, types=(False, True)) -> MinecraftMazeState:
    phase, room, x, y, timestep = (
        jnp.array(int(number)) for number in (phase, room, x, y, timestep)
    )
    return MinecraftMazeState(phase, room, x, y, timestep, jnp.array(types))


def seen(maze: MinecraftMaze, task: MinecraftMazeTask, state: MinecraftMazeState) -> str:
    return PICTURES[int(maze.picture_number(task, state))]


def test_published_sizes():
    maze = MinecraftMaze()
    assert maze.observation_space.size == 300
    assert maze.action_space.n == 3
    assert maze.max_episode_steps == 200
    assert (maze.tasks, maze.task_size) == (2, 1)
    assert not maze.truncates
    assert maze.has_success
    assert MinecraftMaze(resolution=42).observation_space.size == 42 * 42 * 3


# What each action does in each cell: where it leads, or . where it leads nowhere.
@pytest.mark.parametrize(
    ("x", "y", "left", "forward", "right"),
    [
        (0, 0, ".", (0, 1), "."),
        (0, 1, (-1, 1), ".", (1, 1)),
        (-1, 1, ".", (-1, 2), "."),
        (1, 1, ".", (1, 2), "."),
        (-1, 2, ".", (-1, 3), "."),
        (1, 2, ".", (1, 3), "."),
        (-1, 3, ".", ".", (0, 3)),
        (1, 3, (0, 3), ".", "."),
    ],
)
@pytest.mark.parametrize("room_type", [False, True])
def test_moves_inside_a_room(x, y, left, forward, right, room_type):
    for action, target in ((LEFT, left), (FORWARD, forward), (RIGHT, right)):
        state, step = advance(SMALL, task(True), at(x=x, y=y, types=(room_type, True)), action)
        place = (int(state.x), int(state.y))
        assert place == ((x, y) if target == "." else target)
        wrong_side = (x, y) == (0, 1) and bool(action == RIGHT) != room_type
        rewarded = target != "." and not wrong_side
        np.testing.assert_allclose(step.reward, 0.1 if rewarded else 0.0, rtol=1e-6)
        assert (state.phase, state.room, state.timestep) == (Phase.ROOMS, 0, 2)
        assert not step.terminated


def test_the_exit_leads_to_the_next_room_and_from_the_last_one_to_the_end():
    start = at(y=3)
    for action in (LEFT, RIGHT):
        state, step = advance(SMALL, task(True), start, action)
        assert (state.y, state.room, step.reward) == (3, 0, 0)
    state, step = advance(SMALL, task(True), start, FORWARD)
    assert (state.phase, state.room, state.x, state.y) == (Phase.ROOMS, 1, 0, 0)
    assert seen(SMALL, task(True), state) == "room1/0,0"
    np.testing.assert_allclose(step.reward, 0.1, rtol=1e-6)
    state, step = advance(SMALL, task(True), at(y=3, room=1), FORWARD)
    assert (state.phase, state.room, state.x, state.y) == (Phase.END, 2, 0, 0)
    assert seen(SMALL, task(True), state) == "end"
    np.testing.assert_allclose(step.reward, 0.1, rtol=1e-6)


def test_only_right_passes_the_indicator():
    maze = MinecraftMaze(rooms=2, indicator_cells=2, colour_rule="order", timeout=30, resolution=2)
    this = task(True, False, maze=maze)
    state, _ = maze.start(this, jnp.array([False, True]))
    assert (seen(maze, this, state), state.timestep) == ("green", 1)
    for action in (LEFT, FORWARD):
        state, step = advance(maze, this, state, action)
        assert (state.phase, state.x, step.reward) == (Phase.INDICATOR, 0, 0)
    state, step = advance(maze, this, state, RIGHT)
    assert (state.phase, state.x, seen(maze, this, state)) == (Phase.INDICATOR, 1, "red")
    np.testing.assert_allclose(step.reward, 0.1, rtol=1e-6)
    state, step = advance(maze, this, state, RIGHT)
    assert (state.phase, state.x, seen(maze, this, state)) == (Phase.ROOMS, 0, "room0/0,0")
    np.testing.assert_allclose(step.reward, 0.1, rtol=1e-6)
    assert state.timestep == 5


@pytest.mark.parametrize("up", [True, False])
def test_decisions(up):
    for action, right in ((LEFT, not up), (RIGHT, up)):
        _, step = advance(SMALL, task(up), at(Phase.END, room=2), action)
        assert step.terminated
        assert bool(step.success) == right
        assert step.reward == (4.0 if right else -3.0)
    state, step = advance(SMALL, task(up), at(Phase.END, room=2), FORWARD)
    assert not step.terminated
    assert (step.reward, state.timestep) == (0, 2)


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (at(timestep=30), FORWARD),
        (at(Phase.INDICATOR, timestep=30), RIGHT),
        (at(Phase.END, room=2, timestep=30), RIGHT),
    ],
)
def test_the_step_at_the_timeout_changes_nothing_and_ends_the_episode(state, action):
    following, step = advance(SMALL, task(True), state, action)
    assert step.terminated
    assert not step.success
    assert step.reward == 0
    assert eqx.tree_equal(following, state)
    # One time step earlier everything is possible.
    earlier = eqx.tree_at(lambda state: state.timestep, state, jnp.array(29))
    _, step = advance(SMALL, task(True), earlier, action)
    assert step.reward > 0


def test_what_is_seen():
    observed = observed_pictures(2)
    assert seen(SMALL, task(True), at(Phase.INDICATOR)) == "green"
    assert seen(SMALL, task(False), at(Phase.INDICATOR)) == "red"
    hidden = MinecraftMaze(rooms=2, hidden_indicator=True, timeout=30, resolution=2)
    assert seen(hidden, task(True), at(Phase.INDICATOR)) == "black"
    assert (hidden.observe(task(True), at(Phase.INDICATOR)) == -1).all()
    for state, name in (
        (at(x=-1, y=2, room=1), "room1/-1,2"),
        (at(x=1, y=1), "room0/1,1"),
        (at(Phase.END, x=1, room=2), "end"),
    ):
        assert seen(SMALL, task(True), state) == name
        np.testing.assert_array_equal(
            SMALL.observe(task(True), state), observed[PICTURES.index(name)]
        )


@functools.cache
def drawn_tasks(rule: str, cells: int):
    maze = MinecraftMaze(colour_rule=rule, indicator_cells=cells)  # pyright: ignore[reportArgumentType]
    keys = jax.random.split(jax.random.key(0), 4000)
    return jax.tree.map(np.asarray, jax.jit(jax.vmap(maze.sample_task))(keys))


def test_colours_and_indicators():
    for cells in (1, 3):
        tasks = drawn_tasks("colour", cells)
        up = tasks.indicator == Indicator.UP
        assert up.mean() == pytest.approx(0.5, abs=0.03)
        np.testing.assert_array_equal(tasks.green, np.repeat(up[:, None], cells, axis=1))
    tasks = drawn_tasks("order", 2)
    up = tasks.indicator == Indicator.UP
    assert up.mean() == pytest.approx(0.25, abs=0.03)
    np.testing.assert_array_equal(up, tasks.green[:, 0] & ~tasks.green[:, 1])
    _, counts = np.unique(tasks.green, axis=0, return_counts=True)
    np.testing.assert_allclose(counts, 1000, rtol=0.1)


def test_task_vector_and_number():
    for up, vector, number in ((True, 2, 1), (False, 3, 0)):
        assert SMALL.task_vector(task(up), at()).tolist() == [vector]
        assert SMALL.task_index(task(up), at()) == number


@pytest.mark.parametrize("rooms", [10, 40])
def test_room_types_are_fair_and_independent(rooms):
    maze = MinecraftMaze(rooms=rooms, timeout=300)
    keys = jax.random.split(jax.random.key(1), 4000)
    types = np.asarray(jax.jit(jax.vmap(maze.draw_room_types))(keys))
    assert types.shape == (4000, rooms)
    np.testing.assert_allclose(types.mean(axis=0), 0.5, atol=0.04)
    correlations = np.corrcoef(types.T.astype(float)) - np.eye(rooms)
    assert np.abs(correlations).max() < 0.08


def test_noise_is_fresh_and_clipped():
    maze = MinecraftMaze(rooms=1, noise=0.3, timeout=9, resolution=4)
    clean = MinecraftMaze(rooms=1, timeout=9, resolution=4)
    keys = jax.random.split(jax.random.key(2), 2)
    this = task(True)
    state, first = maze.reset(this, None, keys[0])
    picture = clean.observe(this, state)
    following, step = maze.step(this, state, LEFT, keys[1])
    _, again = maze.step(this, state, LEFT, keys[0])
    difference = np.concatenate([first - picture, step.observation - picture])
    assert 0.2 < difference.std() < 0.35
    assert not np.array_equal(step.observation, again.observation)
    loud = MinecraftMaze(rooms=1, noise=5.0, timeout=9, resolution=4)
    observation = np.asarray(loud.step(this, following, LEFT, keys[1])[1].observation)
    assert (observation.min(), observation.max()) == (-1, 1)


# Best play


@eqx.filter_jit
def best_play(trial, key, steps: int):
    """The rewards of an agent that reads the state, and knows the task from the second episode."""

    def step(carry, key):
        state, known = carry
        maze, place, this = trial.environment, state.state, state.task
        x, y = place.x, place.y
        room_type = place.room_types[place.room]
        in_room = jnp.select(
            [(y == 1) & (x == 0), (y == 3) & (x == -1), (y == 3) & (x == 1)],
            [jnp.where(room_type, RIGHT, LEFT), RIGHT, LEFT],
            FORWARD,
        )
        up = (this.indicator == Indicator.UP) & (known | (not maze.hidden_indicator))
        at_end = jnp.where(up, RIGHT, LEFT)
        action = jnp.select(
            [place.phase == Phase.INDICATOR, place.phase == Phase.ROOMS], [RIGHT, in_room], at_end
        )
        state, result = trial.step(state, action, key)
        return (state, known | result.episode_end), result

    state, _ = trial.reset(key)
    return jax.lax.scan(step, (state, False), jax.random.split(key, steps))[1]


@pytest.mark.parametrize(
    ("name", "steps", "best"),
    [
        ("MC-LS-v0", 98, 27.4),
        ("MC-LSO-v0", 63, 20.4),
        ("MC-LSN-v0", 62, 20.2),
        ("MC-LSH-v0", 98, 23.9),
    ],
)
def test_best_play_and_its_return(name, steps, best):
    trial = make_trial(name)
    maze = trial.environment
    assert isinstance(maze, MinecraftMaze)
    assert maze.shortest_episode == steps
    assert trial.optimal_return == pytest.approx(best)
    played = [best_play(trial, jax.random.key(seed), 2 * steps) for seed in range(6)]
    for result in played:
        assert np.flatnonzero(result.episode_end).tolist() == [steps - 1, 2 * steps - 1]
        assert np.flatnonzero(result.trial_end).tolist() == [2 * steps - 1]
        assert bool(result.success[-1])
    returns = np.array([result.reward.sum() for result in played])
    if maze.hidden_indicator:
        # The first decision of this agent is always LEFT, which is right for one task of two.
        assert {round(float(total), 3) for total in returns} == {20.4, 27.4}
        assert best == pytest.approx((20.4 + 27.4) / 2)
    else:
        np.testing.assert_allclose(returns, best, rtol=1e-5)


def test_optimal_return_follows_the_settings():
    assert MinecraftMaze(rooms=3).optimal_return(1) == pytest.approx(0.1 + 3 * 0.6 + 4)
    order = MinecraftMaze(rooms=3, indicator_cells=2, colour_rule="order", hidden_indicator=True)
    # One task of four is UP.
    assert order.optimal_return(2) == pytest.approx(2 * (0.2 + 3 * 0.6 + 4) - 0.25 * 7)


def test_pictures_for_people():
    this, hidden = task(True), MinecraftMaze(rooms=2, timeout=30, hidden_indicator=True)
    for state in (at(Phase.INDICATOR), at(x=-1, y=2, room=1), at(Phase.END, x=1, room=2)):
        pixels = hidden.render(this, state, 48)
        assert pixels.shape == (48, 48, 3)
        assert pixels.dtype == np.uint8
    # The plan in the corner says where the agent is, although these two look the same.
    places = [SMALL.render(this, at(x=-1, y=2, room=room), 60) for room in (0, 1)]
    assert (places[0] != places[1]).any()
    np.testing.assert_array_equal(places[0][:30], places[1][:30])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rooms": 0}, "rooms of a Minecraft maze is 0, .* >= 1"),
        ({"indicator_cells": 0}, "indicator_cells is 0, .* >= 1"),
        (
            {"colour_rule": "order"},
            "indicator_cells is 1, but it must be at least 2 for the colour_rule 'order'",
        ),
        ({"noise": -0.1}, "noise is -0.1, .* >= 0"),
        ({"noise": float("nan")}, "noise is nan"),
        ({"resolution": 0}, "resolution is 0, .* >= 1"),
        ({"timeout": 98}, "timeout of a Minecraft maze is 98, .* >= 99"),
        ({"rooms": 40}, "timeout of a Minecraft maze is 200, .* >= 243"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(UserError, match=f"^{message}"):
        MinecraftMaze(**settings)
