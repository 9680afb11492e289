"""The ants' tasks: values worked out by hand, in the arrays of NumPy and of JAX."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.locomotion.ant import AntDirection, AntGoal, AntGoalSparse

NAMESPACES = pytest.mark.parametrize("namespace", [np, jnp], ids=["numpy", "jax"])

# It moved by 0.05 m along x and 0.1 m along y in 0.05 s, so at 1 and 2 m/s.
BEFORE = [0.0, 0.0, 0.6, 1.0, *[0.0] * 11]
AFTER = [0.05, 0.1, 0.7, 1.0, *[0.1 * i for i in range(11)]]
VELOCITY = [0.5 * i for i in range(14)]
ACTION = [2.0, *[0.0] * 7]
# One force beyond the clip, two small ones: 1 + 0.25 + 0.25.
FORCES = np.zeros((14, 6))
FORCES[3, 5], FORCES[4, 0], FORCES[5, 1] = 7.0, 0.5, -0.5
CONTACT = 0.0005 * 1.5


def outcome(definition, task, namespace, after=AFTER):
    numbers = [namespace.asarray(v) for v in (task, BEFORE, after, VELOCITY, FORCES, ACTION)]
    return definition.outcome(*numbers)


@NAMESPACES
@pytest.mark.parametrize(
    ("directions", "task", "speed"),
    [
        ("two", [1.0], 1.0),
        ("two", [-1.0], -1.0),
        ("radians", [1.0], math.cos(1) + 2 * math.sin(1)),
        ("radians", [-1.0], math.cos(1) - 2 * math.sin(1)),
        ("any", [0.6, 0.8], 0.6 + 1.6),
    ],
)
def test_direction(namespace, directions, task, speed):
    got = outcome(AntDirection(directions), task, namespace)
    assert float(got.reward) == pytest.approx(speed + 1 - 0.5 * 4 - CONTACT, abs=1e-5)
    assert not got.terminated


def test_published_directions_are_115_degrees_apart():
    ants = AntDirection("radians")
    one, other = (ants._direction(np.array([sign])) for sign in (1.0, -1.0))
    assert math.degrees(math.acos(one @ other)) == pytest.approx(114.6, abs=0.05)


@NAMESPACES
@pytest.mark.parametrize(
    ("height", "ends"), [(0.19, True), (0.21, False), (0.99, False), (1.01, True), (math.nan, True)]
)
def test_a_fall_or_a_jump_ends_the_episode(namespace, height, ends):
    after = [*AFTER[:2], height, *AFTER[3:]]
    assert bool(outcome(AntDirection(), [1.0], namespace, after).terminated) == ends
    assert not outcome(AntGoal(), [1.0, 1.0], namespace, after).terminated


@NAMESPACES
def test_goal(namespace):
    got = outcome(AntGoal(), [1.05, -0.4], namespace)
    assert float(got.reward) == pytest.approx(-1.0 - 0.5 - 0.1 * 4 - CONTACT, abs=1e-5)
    assert not got.success


@NAMESPACES
def test_sparse_goal(namespace):
    far = outcome(AntGoalSparse(), [0.05, 0.9], namespace)
    assert float(far.reward) == pytest.approx(-0.75 - 0.01 * 4 - CONTACT, abs=1e-5)
    assert not far.success
    near = outcome(AntGoalSparse(), [0.35, 0.5], namespace)
    assert float(near.reward) == pytest.approx(-0.5 - 0.01 * 4 - CONTACT, abs=1e-5)
    assert near.success


@NAMESPACES
def test_observations(namespace):
    seen = [namespace.asarray(v) for v in (AFTER, VELOCITY, FORCES)]
    clipped = np.clip(FORCES, -1, 1).ravel()
    for definition, expected in (
        (AntDirection(), [*AFTER[2:], *VELOCITY]),
        (AntGoal(), [*AFTER, *VELOCITY, *clipped]),
        (AntGoalSparse(), [*AFTER, *VELOCITY, *clipped, *AFTER[:3]]),
    ):
        observation = definition.observe(*seen)
        assert observation.shape == (definition.observation_size,)
        assert np.allclose(observation, expected, rtol=1e-6)


@NAMESPACES
def test_tasks_that_uniform_numbers_decide(namespace):
    low, high = namespace.asarray([[0.25], [0.75]])
    assert AntDirection().task(low) == 1
    assert AntDirection().task(high) == -1
    assert AntDirection().task_index(namespace.asarray([[-1.0], [1.0]])).tolist() == [0, 1]
    assert np.allclose(AntDirection("any").task(low), [0, 1], atol=1e-6)
    # A quarter of the disc's area is within half of its radius.
    goals = AntGoal().task(namespace.asarray([[0.0, 0.25], [0.5, 1.0]]))
    assert np.allclose(goals, [[1.5, 0], [-3, 0]], atol=1e-6)


@NAMESPACES
def test_start_has_the_published_noise(namespace):
    uniforms = namespace.asarray([0.0, 0.5, 0.999, *[0.5] * 26])
    position, velocity = AntDirection().start(uniforms, namespace.asarray([2.0, *[0.0] * 13]))
    assert np.allclose(position, [-0.1, 0, 0.8498, 1, *[0] * 11], atol=1e-6)
    assert np.allclose(velocity, [0.2, *[0] * 13])
