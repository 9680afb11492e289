import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.grid_play import MOVES, play, shortest_way

from splagger.environments.grid_navigation.family import GRIDS, HALLS
from splagger.environments.grid_navigation.grid_navigation import (
    GridAction,
    GridNavigation,
    GridState,
    GridTask,
)
from splagger.environments.registry import make_trial
from splagger.foundation.errors import UserError

STAY, UP, RIGHT, DOWN, LEFT = (jnp.array(int(action)) for action in GridAction)
NO_HINT = jnp.array(0)
ENTRIES = {found.name: found for found in (*GRIDS, *HALLS)}


def task(x: int, y: int) -> GridTask:
    return GridTask(jnp.array([x, y]))


def begin(grid: GridNavigation, goal: GridTask, *cell: int) -> GridState:
    return grid.start(goal, None, jnp.array(cell or grid.start_cell))[0]


def walk(grid: GridNavigation, goal: GridTask, state: GridState, *actions):
    """The last state and every step."""
    steps = []
    for action in actions:
        state, step = grid.advance(goal, state, action, NO_HINT)
        steps.append(step)
    return state, steps


def rewards(steps) -> list[float]:
    return [round(float(step.reward), 5) for step in steps]


@pytest.mark.parametrize(
    ("cell", "action", "following"),
    [
        ((1, 1), STAY, (1, 1)),
        ((1, 1), UP, (1, 2)),
        ((1, 1), RIGHT, (2, 1)),
        ((1, 1), DOWN, (1, 0)),
        ((1, 1), LEFT, (0, 1)),
        ((0, 0), DOWN, (0, 0)),
        ((0, 0), LEFT, (0, 0)),
        ((4, 4), UP, (4, 4)),
        ((4, 4), RIGHT, (4, 4)),
    ],
)
def test_moves_in_a_grid(cell, action, following):
    grid = GridNavigation()
    assert tuple(grid.move(jnp.array(cell), action).tolist()) == following
    _, steps = walk(grid, task(4, 4), begin(grid, task(4, 4), *cell), action)
    assert steps[0].observation.tolist() == list(following)


@pytest.mark.parametrize(
    ("cell", "action", "following"),
    [
        ((0, 0), UP, (0, 0)),
        ((0, 0), LEFT, (0, 0)),
        ((1, 0), UP, (1, 0)),
        ((2, 0), UP, (2, 1)),
        ((2, 0), RIGHT, (3, 0)),
        ((2, 0), DOWN, (2, 0)),
        ((5, 0), RIGHT, (5, 0)),
        ((2, 1), LEFT, (2, 1)),
        ((2, 1), RIGHT, (2, 1)),
        ((2, 1), UP, (2, 1)),
        ((2, 1), STAY, (2, 1)),
        ((2, 1), DOWN, (2, 0)),
    ],
)
def test_moves_in_a_hall(cell, action, following):
    hall = GridNavigation(size=6, door_spacing=2)
    assert tuple(hall.move(jnp.array(cell), action).tolist()) == following


def test_the_goal_is_rewarded_at_every_step():
    grid = GridNavigation()
    goal = task(2, 0)
    state, steps = walk(grid, goal, begin(grid, goal), RIGHT, RIGHT, STAY, DOWN, LEFT, RIGHT)
    assert rewards(steps) == [-0.1, 1, 1, 1, -0.1, 1]
    assert not any(step.terminated for step in steps)
    assert state.reached


def test_an_episode_ends_after_its_steps_and_succeeds_where_the_goal_was_reached():
    grid = GridNavigation(steps=3)
    goal = task(2, 0)
    state, steps = walk(grid, goal, begin(grid, goal), RIGHT, RIGHT, LEFT)
    assert [bool(step.terminated) for step in steps] == [False, False, True]
    assert steps[-1].success
    state, observation = grid.start(goal, state, jnp.array([0, 0]))
    assert observation.tolist() == [0, 0]
    assert not state.reached
    assert state.timestep == 0
    _, steps = walk(grid, goal, state, RIGHT, UP, STAY)
    assert steps[-1].terminated
    assert not steps[-1].success


def test_dense_rewards_are_distances():
    grid = GridNavigation(dense=True)
    _, steps = walk(grid, task(2, 1), begin(grid, task(2, 1)), STAY, RIGHT, RIGHT, UP, RIGHT)
    assert rewards(steps) == [-0.6, -0.4, -0.2, 1, -0.2]


def test_new_goals_are_rewarded_once_a_trial():
    grid = GridNavigation(new_goal_reward=0.1)
    goal = task(2, 1)
    # (0, 1) cannot be the goal, (0, 2) can.
    state, steps = walk(grid, goal, begin(grid, goal), UP, UP, STAY, DOWN, UP, RIGHT)
    assert rewards(steps) == [-0.1, 0.1, -0.1, -0.1, -0.1, 0.1]
    state, _ = grid.start(goal, state, jnp.array([0, 0]))
    _, steps = walk(grid, goal, state, UP, UP, UP)
    assert rewards(steps) == [-0.1, -0.1, 0.1]
    fresh = begin(grid, goal)
    assert not fresh.visited.any()


def test_a_random_start_is_not_yet_visited():
    grid = GridNavigation(start_cell=None, new_goal_reward=0.1)
    _, steps = walk(grid, task(0, 0), begin(grid, task(0, 0), 3, 3), STAY, STAY)
    assert rewards(steps) == [0.1, -0.1]


def test_the_start_shows_the_goal_after_a_step():
    grid = GridNavigation(show_goal_at_start=True)
    goal = task(3, 4)
    state, first = grid.start(goal, None, jnp.array([0, 0]))
    assert first.tolist() == [0, 0]
    _, steps = walk(grid, goal, state, STAY, RIGHT, LEFT)
    assert [step.observation.tolist() for step in steps] == [[3, 4], [1, 0], [3, 4]]


def test_unchecked_doors():
    hall = GridNavigation(size=6, door_spacing=2, observe_unchecked=True, new_goal_reward=0.1)
    goal = task(4, 1)
    state, first = hall.start(goal, None, jnp.array([0, 0]))
    assert first.tolist() == [0, 0, 0]
    actions = (RIGHT, RIGHT, UP, DOWN, RIGHT, RIGHT, RIGHT)
    state, steps = walk(hall, goal, state, *actions)
    assert [int(step.observation[2]) for step in steps] == [0, 1, 0, 0, 0, 1, 0]
    assert rewards(steps) == [-0.1, -0.1, 0.1, -0.1, -0.1, -0.1, -0.1]
    # It outlives the episode.
    state, _ = hall.start(goal, state, jnp.array([2, 0]))
    assert hall.observe(goal, state).tolist() == [2, 0, 0]


def test_without_a_reward_for_new_doors_each_looks_unchecked():
    hall = GridNavigation(size=6, door_spacing=2, observe_unchecked=True)
    goal = task(4, 1)
    _, steps = walk(hall, goal, begin(hall, goal), RIGHT, RIGHT, UP, DOWN)
    assert [int(step.observation[2]) for step in steps] == [0, 1, 0, 1]
    assert rewards(steps) == [-0.1] * 4


@pytest.mark.parametrize("grid", [GridNavigation(), GridNavigation(size=6, door_spacing=1)])
def test_goals_are_drawn_evenly(grid):
    keys = jax.random.split(jax.random.key(0), 4000)
    goals = np.asarray(jax.jit(jax.vmap(grid.sample_task))(keys).goal)
    cells, counts = np.unique(goals, axis=0, return_counts=True)
    assert [tuple(cell) for cell in cells.tolist()] == list(grid.possible_goals)
    expected = 4000 / len(grid.possible_goals)
    np.testing.assert_allclose(counts, expected, atol=5 * expected**0.5)


def test_random_starts_are_drawn_evenly_at_every_reset():
    grid = GridNavigation(size=3, start_cell=None)
    state = begin(grid, task(1, 1), 0, 0)
    reset = jax.jit(jax.vmap(lambda key: grid.reset(task(1, 1), state, key)[1]))
    starts = np.asarray(reset(jax.random.split(jax.random.key(1), 2000)))
    _, counts = np.unique(starts, axis=0, return_counts=True)
    assert len(counts) == 9
    np.testing.assert_allclose(counts, 2000 / 9, atol=5 * (2000 / 9) ** 0.5)


def test_tasks_are_numbered_by_their_cell():
    grid, hall = GridNavigation(), GridNavigation(size=6, door_spacing=1)
    assert (grid.tasks, hall.tasks) == (25, 12)
    state = begin(grid, task(3, 2))
    assert grid.task_index(task(3, 2), state) == 17
    assert grid.task_vector(task(3, 2), state).tolist() == [3, 2]
    assert hall.task_index(task(5, 1), state) == 11


# Every registered grid and hall


def known_return(grid: GridNavigation, start, way: str) -> float:
    """What the shortest way and staying bring in, written down without the dynamics."""
    total = grid.success_reward * (grid.steps + 1 - len(way))
    x, y = start
    for step, letter in enumerate(way[:-1], start=1):
        x, y = x + MOVES[letter][0], y + MOVES[letter][1]
        if grid.new_goal_reward is not None and (x, y) in grid.possible_goals:
            total += grid.new_goal_reward
        else:
            total -= (len(way) - step) / grid.size if grid.dense else 0.1
    return total


@pytest.mark.parametrize("name", ENTRIES)
def test_returns_of_a_goal_that_is_known(name):
    grid = ENTRIES[name].builder()
    assert isinstance(grid, GridNavigation)
    start = grid.start_cell or (3, 3)
    goals = [goal for goal in grid.possible_goals if goal != start]
    ways = [shortest_way(start, goal) for goal in goals]
    rewards = play(grid, start, goals, [[way, way] for way in ways])
    returns = rewards.sum(axis=-1)
    expected = [known_return(grid, start, way) for way in ways]
    np.testing.assert_allclose(returns[:, 0], expected, rtol=1e-4)
    # Nothing is new in the second episode: as the paper's environments are described.
    if not grid.dense:
        distances = np.array([len(way) for way in ways])
        on_goal = grid.success_reward * (grid.steps + 1 - distances)
        np.testing.assert_allclose(returns[:, 1], on_goal - 0.1 * (distances - 1), rtol=1e-4)


@pytest.mark.parametrize("text", ["grid-navigation-random-start", "hall-see-new-doors:length=5"])
def test_shapes_and_types_never_change(text):
    trial = make_trial(f"{text}{',' if ':' in text else ':'}track_belief=true")
    key = jax.random.key(0)
    state, observation = trial.reset(key)
    # Without jit: every type check inside runs on real values.
    following, step = trial.step(state, jnp.array(1), key)

    def signature(tree):
        return jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype, leaf.weak_type), tree)

    assert signature(state) == signature(following)
    assert signature(observation) == signature(step.observation)
    assert signature(observation) == signature(step.next_observation)
    assert step.reward.dtype == observation.dtype
    information = trial.task_information(state)
    assert information.vector.shape == (trial.environment.task_size,)
    assert trial.tasks is not None
    assert 0 <= information.index < trial.tasks


def test_random_play_stays_within_the_observation_space():
    trial = make_trial("hall-see-new-doors:length=5,steps=20")

    @jax.jit
    @jax.vmap
    def rollout(key):
        actions = jax.random.randint(key, (trial.max_steps,), 0, 5)
        keys = jax.random.split(key, trial.max_steps)
        state, _ = trial.reset(key)
        inputs = (actions, keys)
        return jax.lax.scan(lambda state, each: trial.step(state, *each), state, inputs)[1]

    steps = jax.tree.map(np.asarray, rollout(jax.random.split(jax.random.key(4), 50)))
    low, high = (np.array(bound) for bound in trial.environment.observation_space.bounds)
    assert (steps.observation[..., :-1] >= low).all()
    # Every value is met, so the bounds are no wider than they must be.
    assert (steps.observation[..., :-1].max(axis=(0, 1)) == high).all()
    assert (np.flatnonzero(steps.trial_end[0]) == [trial.max_steps - 1]).all()
    assert not steps.truncated.any()
    assert (steps.success <= steps.episode_end).all()
    assert 0.1 < steps.success[steps.episode_end].mean() < 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 2}, "size of a grid is 2, .* >= 3"),
        ({"steps": 0}, "steps of a grid is 0, .* >= 1"),
        ({"door_spacing": 0}, "door_spacing is 0, .* from 1 to 4 "),
        ({"door_spacing": 5}, "door_spacing is 5, .* from 1 to 4 "),
        ({"start_cell": (5, 0)}, r"start_cell is \(5, 0\), .* from \(0, 0\) to \(4, 4\)"),
        ({"start_cell": (0, -1)}, r"start_cell is \(0, -1\)"),
        ({"start_cell": (0, 1), "door_spacing": 1}, r"start_cell is \(0, 1\), .* to \(4, 0\)"),
        ({"ring": True, "door_spacing": 1}, "ring is true, .* false in a hall"),
        ({"observe_unchecked": True}, "observe_unchecked is true, .* false in a grid"),
        (
            {"show_goal_at_start": True, "start_cell": None},
            "show_goal_at_start is true, .* where the start is random",
        ),
        (
            {"track_belief": True, "door_spacing": 3},
            "track_belief is true, .* false with one possible goal",
        ),
        ({"step_reward": float("nan")}, "step_reward is nan, .* finite"),
        ({"new_goal_reward": float("inf")}, "new_goal_reward is inf, .* finite"),
        (
            {"size": 3, "start_cell": (1, 1)},
            r"start_cell is \(1, 1\), .* grid of size 3: goals are",
        ),
        ({"success_reward": -0.1}, r"success_reward is -0.1, .* above all other rewards \(-0.1\)"),
        ({"success_reward": 0.5, "new_goal_reward": 0.5}, r"success_reward is 0.5, .* \(0.5\)"),
        ({"success_reward": 0.0, "dense": True}, r"success_reward is 0.0, .* \(0.0\)"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(UserError, match=f"^{message}"):
        GridNavigation(**settings)
