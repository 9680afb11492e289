"""What the tasks share with Gymnasium's environments of the same bodies: steps of theirs, seen and
rewarded by ours."""

from typing import Any

import gymnasium
import numpy as np
import pytest

from splagger.environments.locomotion.ant import AntDirection, AntGoal
from splagger.environments.locomotion.half_cheetah import HalfCheetahDirection
from splagger.environments.locomotion.locomotion import squared_norm
from splagger.environments.locomotion.packages import import_mujoco, model_file
from splagger.environments.locomotion.random_parameters import (
    HopperRandomParameters,
    WalkerRandomParameters,
)

STEPS = 40
mujoco = import_mujoco()


def steps(name, **options):
    """Random steps of an environment of Gymnasium with its own rules: what it made of each, and the
    position before and the state after."""
    seconds = options.pop("physics_seconds", None)
    environment: Any = gymnasium.make(name, **options).unwrapped
    if seconds is not None:
        environment.model.opt.timestep = seconds
    observation, _ = environment.reset(seed=3)
    environment.action_space.seed(4)
    for _ in range(STEPS):
        before = environment.data.qpos.copy()
        action = environment.action_space.sample()
        observation, reward, terminated, _, info = environment.step(action)
        yield environment, before, action, observation, reward, terminated, info
    environment.close()


def test_half_cheetah():
    definition = HalfCheetahDirection()
    for environment, before, action, observation, reward, _, _ in steps(
        "HalfCheetah-v5", ctrl_cost_weight=0.05
    ):
        position, velocity = environment.data.qpos, environment.data.qvel
        seen = definition.observe(position, velocity, None)
        assert np.array_equal(seen[:17], observation)
        outcome = definition.outcome(np.ones(1), before, position, velocity, None, action)
        assert outcome.reward == pytest.approx(reward, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "file", "definition"),
    [
        ("Walker2d-v5", "walker2d.xml", WalkerRandomParameters()),
        ("Hopper-v5", "hopper.xml", HopperRandomParameters()),
    ],
)
def test_walker_and_hopper(name, file, definition):
    falls = 0
    for environment, before, action, observation, reward, terminated, _ in steps(
        name, xml_file=str(model_file(file)), physics_seconds=0.004
    ):
        position, velocity = environment.data.qpos, environment.data.qvel
        assert np.array_equal(definition.observe(position, velocity, None), observation)
        task = np.zeros(definition.task_size)
        outcome = definition.outcome(task, before, position, velocity, None, action)
        assert outcome.terminated == terminated
        falls += terminated
        # Gymnasium gives the reward for being up only where it is.
        assert outcome.reward == pytest.approx(reward + terminated, abs=1e-6)
    assert 0 < falls < STEPS


def test_ant():
    definition, goal = AntDirection(), AntGoal()
    for environment, before, action, observation, _, terminated, info in steps("Ant-v5"):
        data = environment.data
        # Gymnasium takes speed and contacts where the body was one physics step earlier.
        mujoco.mj_forward(environment.model, data)
        mujoco.mj_rnePostConstraint(environment.model, data)
        forces = data.cfrc_ext
        assert np.array_equal(definition.observe(data.qpos, data.qvel, forces), observation[:27])
        contact_cost = float(goal._contact_cost(forces))
        assert contact_cost == pytest.approx(environment.contact_cost, rel=1e-6)
        assert 0.5 * squared_norm(action) == pytest.approx(-info["reward_ctrl"], rel=1e-5)
        outcome = definition.outcome(np.ones(1), before, data.qpos, data.qvel, forces, action)
        assert outcome.terminated == terminated
        speed = (data.qpos[0] - before[0]) / 0.05
        expected = speed + 1 + info["reward_ctrl"] - environment.contact_cost
        assert outcome.reward == pytest.approx(expected, abs=1e-6)
        # Its clipped forces leave out the world's, which are none.
        world, parts = np.split(goal.observe(data.qpos, data.qvel, forces)[29:], [6])
        assert np.array_equal(parts, environment.contact_forces[1:].ravel())
        assert not world.any()
