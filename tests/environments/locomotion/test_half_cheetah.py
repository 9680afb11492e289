"""The half-cheetahs' tasks: values worked out by hand, in the arrays of NumPy and of JAX."""

import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.locomotion.half_cheetah import (
    HalfCheetahDirection,
    HalfCheetahHop,
    HalfCheetahHopWalk,
    HalfCheetahVelocity,
)
from splagger.foundation.errors import UserError

NAMESPACES = pytest.mark.parametrize("namespace", [np, jnp], ids=["numpy", "jax"])

# It moved by 0.1 m in the 0.05 s of a step, so at 2 m/s, and stands 0.2 m above its rest.
BEFORE = [0.5, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
AFTER = [0.6, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
VELOCITY = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
# Its square is 9: the cost of control is not that of a clipped action.
ACTION = [0.0, 3.0, 0.0, 0.0, 0.0, 0.0]
CONTROL = 0.05 * 9


def reward(definition, task, namespace, before=BEFORE, after=AFTER):
    numbers = [namespace.asarray(v) for v in (task, before, after, VELOCITY)]
    outcome = definition.outcome(*numbers, None, namespace.asarray(ACTION))
    assert not outcome.terminated
    assert not outcome.success
    return float(outcome.reward)


@NAMESPACES
def test_observation(namespace):
    observation = HalfCheetahDirection().observe(
        namespace.asarray(AFTER), namespace.asarray(VELOCITY), None
    )
    expected = [*AFTER[1:], *VELOCITY, 0.6, 0.0, 0.9]
    assert np.allclose(observation, expected, rtol=1e-6)
    assert observation.shape == (HalfCheetahDirection().observation_size,)


@NAMESPACES
@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_direction(namespace, direction):
    expected = direction * 2.0 - CONTROL
    got = reward(HalfCheetahDirection(), [direction], namespace)
    assert got == pytest.approx(expected, abs=1e-5)


@NAMESPACES
def test_sparse_direction_is_rewarded_far_from_the_origin_only(namespace):
    definition = HalfCheetahDirection(10.0, episode_steps=400)
    assert reward(definition, [1.0], namespace) == pytest.approx(-CONTROL, abs=1e-5)
    far = {"before": [9.9, *BEFORE[1:]], "after": [10.0, *AFTER[1:]]}
    assert reward(definition, [1.0], namespace, **far) == pytest.approx(2 - CONTROL, abs=1e-4)
    back = {"before": [-10.4, *BEFORE[1:]], "after": [-10.5, *AFTER[1:]]}
    assert reward(definition, [-1.0], namespace, **back) == pytest.approx(2 - CONTROL, abs=1e-4)


@NAMESPACES
def test_velocity(namespace):
    got = reward(HalfCheetahVelocity(), [2.75], namespace)
    assert got == pytest.approx(-0.75 - CONTROL, abs=1e-5)


@NAMESPACES
def test_hop(namespace):
    # The torso rests at 0.7 m, so it is at 0.9 m now.
    got = reward(HalfCheetahHop(), [1.5], namespace)
    assert got == pytest.approx(10 * (-0.6 - CONTROL), abs=1e-4)


@NAMESPACES
def test_hop_and_walk(namespace):
    both = HalfCheetahHopWalk()
    assert reward(both, [0.0, -1.0], namespace) == pytest.approx(-2 - CONTROL, abs=1e-5)
    assert reward(both, [1.0, 1.5], namespace) == pytest.approx(10 * (-0.6 - CONTROL), abs=1e-4)
    fixed = HalfCheetahHopWalk(True)
    assert reward(fixed, [0.0], namespace) == pytest.approx(2 - CONTROL, abs=1e-5)
    assert reward(fixed, [1.0], namespace) == pytest.approx(10 * (-1.1 - CONTROL), abs=1e-4)


@NAMESPACES
def test_tasks_that_uniform_numbers_decide(namespace):
    low, high = namespace.asarray([[0.25], [0.75]])
    assert HalfCheetahDirection().task(low) == 1
    assert HalfCheetahDirection().task(high) == -1
    assert HalfCheetahDirection().task_index(namespace.asarray([[-1.0], [1.0]])).tolist() == [0, 1]
    assert HalfCheetahVelocity().task(high) == pytest.approx(2.25)
    assert HalfCheetahHop().task(high) == pytest.approx(0.3 + 0.75 * 1.7)
    both = HalfCheetahHopWalk()
    drawn = both.task(namespace.asarray([[0.1, 0.1], [0.1, 0.9], [0.9, 0.5]]))
    assert np.allclose(drawn, [[0, 1], [0, -1], [1, 1.15]])
    assert both.tasks is None
    fixed = HalfCheetahHopWalk(True)
    assert fixed.tasks == 2
    assert fixed.task_index(fixed.task(namespace.asarray([[0.1], [0.9]]))).tolist() == [0, 1]


@NAMESPACES
def test_start_has_the_published_noise(namespace):
    uniforms = namespace.asarray([0.0, 0.5, 0.999, *[0.5] * 15])
    normals = namespace.asarray([2.0, *[0.0] * 8])
    position, velocity = HalfCheetahDirection().start(uniforms, normals)
    assert np.allclose(position, [-0.1, 0, 0.0998, *[0] * 6], atol=1e-6)
    assert np.allclose(velocity, [0.2, *[0] * 8])


def test_bad_options_are_named():
    with pytest.raises(UserError, match="reward_from of a half-cheetah is -1"):
        HalfCheetahDirection(-1.0)
    with pytest.raises(UserError, match="fastest of a half-cheetah is 0"):
        HalfCheetahVelocity(0.0)
    with pytest.raises(UserError, match="episode_steps of HalfCheetahHop is 0"):
        HalfCheetahHop(episode_steps=0)
