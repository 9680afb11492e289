import jax
import numpy as np
import pytest

from splagger.environments.random_actions import random_action
from splagger.environments.spaces import Box, Discrete


def drawn(space: Box | Discrete) -> np.ndarray:
    return np.asarray(random_action(space, jax.random.key(0), (400,)))


@pytest.mark.parametrize("space", [Discrete(3), Box(-1.0, 1.0, (2,))])
def test_single_actions_and_batches_have_their_shapes(space: Box | Discrete):
    shape = space.shape if isinstance(space, Box) else ()
    assert random_action(space, jax.random.key(0)).shape == shape
    assert random_action(space, jax.random.key(0), (4, 5)).shape == (4, 5, *shape)


def test_every_discrete_action_is_equally_likely():
    actions = drawn(Discrete(3))
    assert np.issubdtype(actions.dtype, np.integer)
    np.testing.assert_allclose(np.bincount(actions) / 400, 1 / 3, atol=0.08)


def test_numbers_fill_the_room_between_their_bounds():
    actions = drawn(Box((-1.0, 5.0, -np.inf), (1.0, 9.0, np.inf), (3,)))
    assert actions.shape == (400, 3)
    lowest, highest = actions.min(axis=0), actions.max(axis=0)
    np.testing.assert_allclose(lowest[:2], [-1, 5], atol=0.1)
    np.testing.assert_allclose(highest[:2], [1, 9], atol=0.1)
    assert actions[:, 2].std() == pytest.approx(1, abs=0.15)


def test_one_bound_alone_is_kept():
    actions = drawn(Box((0.0, -np.inf), (np.inf, 0.5), (2,)))
    assert actions[:, 0].min() == 0
    assert actions[:, 0].max() > 1
    assert actions[:, 1].max() == 0.5
    assert actions[:, 1].min() < -1


def test_the_largest_numbers_are_bounds_as_well():
    largest = float(np.finfo(np.float32).max)
    actions = drawn(Box(-largest, largest, (1,)))
    assert np.isfinite(actions).all()
    assert actions.min() < -largest / 2
    assert actions.max() > largest / 2
