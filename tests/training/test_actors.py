import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.spaces import Box, Discrete
from splagger.environments.task_information import TaskInformation
from splagger.sequence.embedding import Transition
from splagger.training.actors import RandomActor

NO_TASK = TaskInformation(jnp.zeros((1, 0)), jnp.zeros(1, int))
KEYS = jax.random.split(jax.random.key(0), 400)


def drawn(space: Box | Discrete) -> np.ndarray:
    actor = RandomActor(space)
    act = jax.vmap(lambda key: actor.act((), jnp.zeros((1, 2)), NO_TASK, key)[0])
    return np.asarray(jax.jit(act)(KEYS))


def test_every_discrete_action_is_equally_likely():
    actions = drawn(Discrete(3))
    assert actions.shape == (400,)
    assert np.issubdtype(actions.dtype, np.integer)
    np.testing.assert_allclose(np.bincount(actions) / 400, 1 / 3, atol=0.08)


def test_numbers_fill_the_room_between_their_bounds():
    actions = drawn(Box((-1.0, 5.0, -np.inf), (1.0, 9.0, 2.0), (3,)))
    assert actions.shape == (400, 3)
    lowest, highest = actions.min(axis=0), actions.max(axis=0)
    np.testing.assert_allclose(lowest[:2], [-1, 5], atol=0.1)
    np.testing.assert_allclose(highest[:2], [1, 9], atol=0.1)
    # One bound alone does not say where between.
    assert actions[:, 2].std() == pytest.approx(1, abs=0.15)


def test_chance_remembers_nothing():
    actor = RandomActor(Discrete(2))
    transition = Transition(jnp.zeros((1, 2)), jnp.zeros(1, int), jnp.ones(1), jnp.zeros((1, 2)))
    memory, change = actor.observe(actor.initial_memory(), transition)
    assert jax.tree.leaves(memory) == []
    assert change == 0
    assert not actor.remembers
