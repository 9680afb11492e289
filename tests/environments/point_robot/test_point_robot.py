import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.point_robot.point_robot import (
    MAX_MOVE,
    PointRobot,
    PointRobotState,
    PointRobotTask,
)
from splagger.environments.registry import make_trial
from splagger.environments.spaces import Box
from splagger.foundation.errors import UserError

KEY = jax.random.key(0)


def task(x: float, y: float) -> PointRobotTask:
    return PointRobotTask(jnp.array([x, y]))


def at(x: float, y: float) -> PointRobotState:
    return PointRobotState(jnp.array([x, y]))


@pytest.mark.parametrize(
    ("name", "settings", "episodes"),
    [
        ("PointEnv-v0", ("square", True, None), 2),
        ("SparsePointEnv-v0", ("half-circle", False, 0.2), 5),
    ],
)
def test_published_forms(name, settings, episodes):
    trial = make_trial(name)
    assert trial.environment == PointRobot(*settings)
    assert trial.episodes == episodes
    assert trial.observation_size == 3
    assert trial.action_space == Box(-0.05, 0.05, (2,))
    assert trial.max_steps == 100 * episodes
    assert trial.may_truncate
    assert trial.environment.task_size == 2
    assert trial.optimal_return is None


def test_actions_are_not_clipped():
    state, step = PointRobot().step(task(0.5, -1.0), at(0.5, 0.5), jnp.array([3.0, -0.5]), KEY)
    np.testing.assert_allclose(state.position, [3.5, 0.0])
    np.testing.assert_allclose(step.observation, [3.5, 0.0])
    assert step.reward == pytest.approx(-math.hypot(3.0, 1.0))
    assert not step.terminated


@pytest.mark.parametrize(("distance", "reward"), [(0.0, 1.0), (0.19, 0.81), (0.21, 0.0)])
def test_the_sparse_reward_is_paid_near_the_goal(distance, reward):
    robot = PointRobot(reward_radius=0.2)
    _, step = robot.step(task(0.0, 1.0), at(0.0, 0.5 - distance), jnp.array([0.0, 0.5]), KEY)
    assert step.reward == pytest.approx(reward, abs=1e-6)


def test_goals_and_starts_are_drawn_where_they_should():
    keys = jax.random.split(KEY, 4000)

    def draw(robot):
        def one(key):
            goal_key, start_key = jax.random.split(key)
            task = robot.sample_task(goal_key)
            return task.goal, robot.reset(task, None, start_key)[1]

        return jax.jit(jax.vmap(one))(keys)

    for places in draw(PointRobot()):
        assert (np.abs(places) <= 1).all()
        np.testing.assert_allclose(np.mean(places, axis=0), 0, atol=0.05)
        np.testing.assert_allclose(np.var(np.asarray(places), axis=0), 1 / 3, atol=0.02)
    goals, starts = draw(PointRobot("half-circle", random_start=False))
    angles = np.arctan2(goals[:, 1], goals[:, 0])
    np.testing.assert_allclose(np.hypot(*goals.T), 1, rtol=1e-6)
    counts, _ = np.histogram(angles, bins=8, range=(0, math.pi))
    np.testing.assert_allclose(counts, 500, rtol=0.2)
    assert not starts.any()


@pytest.mark.parametrize("name", ["point-robot", "point-robot-sparse"])
@pytest.mark.usefixtures("float64")
def test_the_straight_way_earns_what_geometry_says(name):
    trial = make_trial(name, episodes=2)
    robot = trial.environment
    assert isinstance(robot, PointRobot)
    keys = jax.random.split(KEY, 201)
    first, _ = trial.reset(keys[0])

    def step(state, key):
        way = state.task.goal - state.state.position
        following, result = trial.step(state, jnp.clip(way, -MAX_MOVE, MAX_MOVE), key)
        return following, (state.state.position, result)

    _, (before, steps) = jax.jit(lambda state, keys: jax.lax.scan(step, state, keys))(
        first, keys[1:]
    )
    assert np.flatnonzero(steps.episode_end).tolist() == [99, 199]
    assert np.flatnonzero(steps.truncated).tolist() == [99, 199]
    assert np.flatnonzero(steps.trial_end).tolist() == [199]
    for episode in range(2):
        rewards = np.asarray(steps.reward[100 * episode :][:100])
        gap = np.abs(first.task.goal - before[100 * episode])
        left = np.maximum(gap - MAX_MOVE * np.arange(1, 101)[:, None], 0)
        distance = np.hypot(*left.T)
        arrival = math.ceil(gap.max() / MAX_MOVE - 1e-9)
        if robot.reward_radius is None:
            np.testing.assert_allclose(rewards, -distance, atol=1e-12)
            assert np.flatnonzero(rewards > -1e-12)[0] == arrival - 1
        else:
            np.testing.assert_allclose(
                rewards, np.where(distance <= 0.2, 1 - distance, 0), atol=1e-12
            )
            assert (rewards[arrival - 1 :] > 1 - 1e-12).all()
            assert 0 < np.flatnonzero(rewards)[0] < arrival - 1


def test_pictures_change_where_robot_or_goal_does():
    for robot in (PointRobot(), PointRobot("half-circle", False, 0.2)):
        picture = robot.render(task(0.6, 0.8), at(0.0, 0.0), 96)
        assert picture.shape == (96, 96, 3)
        assert (robot.render(task(0.6, 0.8), at(0.1, 0.0), 96) != picture).any()
        assert (robot.render(task(0.5, 0.8), at(0.0, 0.0), 96) != picture).any()
        # Beyond the picture the robot stays at its border.
        far = robot.render(task(0.6, 0.8), at(9.0, 0.0), 96)
        assert (far[:, 85:] != picture[:, 85:]).any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"reward_radius": 0.0}, "reward_radius of a point robot is 0.0, .* > 0"),
        ({"episode_steps": 0}, "episode_steps of a point robot is 0, .* >= 1"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(UserError, match=f"^{message}"):
        PointRobot(**settings)
