import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.point_robot.semicircle import (
    MAX_SPEED,
    MAX_TURN,
    RADIUS,
    Semicircle,
    SemicircleState,
    SemicircleTask,
)
from splagger.environments.registry import make_trial
from splagger.foundation.errors import UserError

ROBOT = Semicircle()
ANYWHERE = jnp.array(0.25)
advance = jax.jit(ROBOT.advance)


def task(angle: float) -> SemicircleTask:
    return SemicircleTask(jnp.array(angle))


def at(x: float, y: float, heading: float) -> SemicircleState:
    return SemicircleState(jnp.array([x, y]), jnp.array(heading))


def test_published_form():
    trial = make_trial("Semicircle-v0")
    assert trial.environment == ROBOT
    assert trial.episodes == 1
    assert trial.observation_size == 3
    assert trial.max_steps == 10
    assert trial.may_truncate
    assert trial.environment.task_size == 3
    assert trial.action_space.bounds == ((-0.01, -0.0628), (0.01, 0.0628))  # pyright: ignore


def test_task_vector_is_the_place_and_the_angle_of_the_goal():
    vector = ROBOT.task_vector(task(math.pi / 2), at(0.0, 0.0, 0.0))
    np.testing.assert_allclose(vector, [0, 0.2, math.pi / 2], atol=1e-7)


def test_ten_substeps_turn_before_they_drive():
    state, step = advance(task(3.0), at(0.0, 0.0, 0.5), jnp.array([0.01, 0.05]), ANYWHERE)
    angles = 0.5 + 0.05 * np.arange(1, 11)
    expected = [0.01 * np.cos(angles).sum(), 0.01 * np.sin(angles).sum(), 1.0]
    np.testing.assert_allclose(step.observation, expected, rtol=1e-5)
    np.testing.assert_allclose(state.position, expected[:2], rtol=1e-5)
    assert step.reward == 0
    assert not step.terminated


def test_headings_stay_between_0_and_a_full_turn():
    full = 2 * math.pi
    turns = [(-3.0, 0.0, full - 3), (0.2, -0.03, full - 0.1), (6.2, 0.03, 6.5 - full)]
    for before, turn, after in turns:
        state, _ = advance(task(3.0), at(0.0, 0.0, before), jnp.array([0.0, turn]), ANYWHERE)
        assert state.heading == pytest.approx(after, abs=1e-5)


def test_the_border_holds_x_first_and_then_y():
    # Straight on along the diagonal, below: the goal is far away.
    state, _ = advance(task(1.0), at(0.12, -0.12, -math.pi / 4), jnp.array([0.02, 0.0]), ANYWHERE)
    x = 0.2
    np.testing.assert_allclose(state.position, [x, -math.sqrt(RADIUS**2 - x**2)], atol=1e-4)
    # Upwards beside the middle: x stays where it is.
    state, _ = advance(task(math.pi), at(0.1, 0.1, math.pi / 2), jnp.array([0.02, 0.0]), ANYWHERE)
    np.testing.assert_allclose(state.position, [0.1, math.sqrt(0.03)], rtol=1e-5)


def test_the_goal_ends_a_step_and_starts_anew():
    state, step = advance(task(0.0), at(0.1, 0.0, 0.0), jnp.array([0.01, 0.0]), ANYWHERE)
    np.testing.assert_array_equal(step.observation, [0.0, 0.0, 0.25])
    np.testing.assert_array_equal(state.position, [0.0, 0.0])
    assert state.heading == 0.25
    assert step.reward == 1
    assert not step.terminated
    # Passing is enough: ten substeps would carry the robot over the goal and back out.
    _, step = advance(task(0.0), at(0.1, 0.0, -0.1), jnp.array([0.1, 0.2]), ANYWHERE)
    assert step.reward == 1


def test_the_nearness_of_the_goal_counts():
    wide = Semicircle(goal_radius=0.15)
    action = jnp.array([0.0, 0.0])
    assert wide.advance(task(0.0), at(0.06, 0.0, 0.0), action, ANYWHERE)[1].reward == 1
    assert wide.advance(task(0.0), at(0.04, 0.0, 0.0), action, ANYWHERE)[1].reward == 0


def test_goals_and_headings_are_drawn_evenly():
    def draw(key):
        goal_key, start_key = jax.random.split(key)
        task = ROBOT.sample_task(goal_key)
        return task.angle, ROBOT.reset(task, None, start_key)[1]

    angles, starts = jax.jit(jax.vmap(draw))(jax.random.split(jax.random.key(0), 4000))
    assert not starts[:, :2].any()
    for values, bounds in ((angles, (0, math.pi)), (starts[:, 2], (-math.pi, math.pi))):
        counts, _ = np.histogram(values, bins=8, range=bounds)
        np.testing.assert_allclose(counts, 500, rtol=0.2)
        assert counts.sum() == 4000


def best_play(headings, goal: SemicircleTask):
    """Rewards of a robot that turns on the spot until it looks at the goal, and drives there."""

    def step(state, heading):
        gap = jnp.mod(goal.angle - state.heading + jnp.pi, 2 * jnp.pi) - jnp.pi
        turn = jnp.clip(gap / 10, -MAX_TURN, MAX_TURN)
        looking = jnp.abs(gap) < 1e-4
        action = jnp.where(looking, jnp.array([MAX_SPEED, 0.0]), jnp.stack([0.0 * turn, turn]))
        state, result = ROBOT.advance(goal, state, action, heading)
        return state, result.reward

    return jax.lax.scan(step, ROBOT.start(goal, headings[0])[0], headings[1:])[1]


def test_best_play_takes_two_steps_to_the_goal_and_some_to_turn():
    goal = task(1.0)
    play = jax.jit(best_play)
    # 17 substeps of 0.01 leave 0.03, and 16 leave 0.04 but for rounding: two steps.
    rewards = play(jnp.full(11, 1.0), goal)
    np.testing.assert_array_equal(rewards, [0, 1] * 5)
    # A turn of 2 takes four steps of at most 0.628.
    rewards = play(jnp.full(11, 3.0), goal)
    np.testing.assert_array_equal(rewards, [0] * 5 + [1] + [0] * 4)


def test_pictures_change_where_robot_heading_or_goal_does():
    picture = ROBOT.render(task(1.0), at(0.0, 0.0, 0.0), 96)
    assert picture.shape == (96, 96, 3)
    for goal, state in (
        (1.0, at(0.02, 0.0, 0.0)),
        (1.0, at(0.0, 0.0, 0.5)),
        (1.2, at(0.0, 0.0, 0.0)),
    ):
        assert (ROBOT.render(task(goal), state, 96) != picture).any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"goal_radius": -1.0}, "goal_radius of a semicircle is -1.0, .* > 0"),
        ({"episode_steps": 0}, "episode_steps of a semicircle is 0, .* >= 1"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(UserError, match=f"^{message}"):
        Semicircle(**settings)
