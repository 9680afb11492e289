import jax
import jax.numpy as jnp
import numpy as np

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


def test_actions_of_chance_have_one_row():
    assert drawn(Discrete(3)).shape == (400,)
    assert drawn(Box(-1.0, 1.0, (3,))).shape == (400, 3)


def test_chance_remembers_nothing():
    actor = RandomActor(Discrete(2))
    transition = Transition(jnp.zeros((1, 2)), jnp.zeros(1, int), jnp.ones(1), jnp.zeros((1, 2)))
    memory, change = actor.observe(actor.initial_memory(), transition)
    assert jax.tree.leaves(memory) == []
    assert change == 0
    assert not actor.remembers
