"""Memories of running trials, encoded anew."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.tiny import UNEVEN, farthest, same, shaken, tiny_agent

from splagger.environments.registry import make_trial
from splagger.learning.rebuilt_memory import rebuild_memory
from splagger.learning.rollout import collect, start_collector
from splagger.learning.trajectory_buffer import TrajectoryBuffer

pytestmark = pytest.mark.usefixtures("float64")

ENVIRONMENTS = 3

rebuild = eqx.filter_jit(rebuild_memory)


def collected(agent, trial, steps: int, rollouts: int):
    """Where environments stand after rollouts, and a buffer with all of them."""
    collector = eqx.filter_jit(start_collector)(agent, trial, ENVIRONMENTS, jax.random.key(0))
    gather = eqx.filter_jit(collect)
    add = eqx.filter_jit(TrajectoryBuffer.add)
    buffer = None
    for number in range(rollouts):
        collector, rollout = gather(
            agent, trial, collector, jax.random.key(number), steps=steps, restart_memory=False
        )
        if buffer is None:
            example = jax.tree.map(lambda leaf: leaf[0, 0], (rollout.transitions, rollout.task))
            buffer = TrajectoryBuffer.create(5, trial.max_steps, ENVIRONMENTS, *example)
        buffer = add(buffer, rollout.transitions, rollout.task, rollout.trial_end)
    assert buffer is not None
    return collector, buffer


def test_equal_to_the_memory_that_was_carried():
    """As long as the agent does not change: over several rollouts, and beside trials' ends."""
    trial = make_trial(UNEVEN)
    agent = tiny_agent(trial)
    lengths = set()
    for rollouts in range(1, 5):
        collector, buffer = collected(agent, trial, steps=3, rollouts=rollouts)
        running = buffer.running()
        lengths |= set(np.asarray(running.length).tolist())
        assert farthest(rebuild(agent, running), collector.memory) < 1e-13
    assert max(lengths) > 3
    assert min(lengths) < 3


def test_equal_to_stepping_with_present_parameters():
    trial = make_trial(UNEVEN)
    agent = tiny_agent(trial)
    collector, buffer = collected(agent, trial, steps=4, rollouts=1)
    changed = shaken(agent, 9)
    running = buffer.running()
    lengths = jnp.array([0, 2, 4], jnp.int32)
    running = eqx.tree_at(lambda r: r.length, running, lengths)
    memory = rebuild(changed, running)
    step = eqx.filter_jit(changed.networks.sequence_model.step)
    for environment, length in enumerate([0, 2, 4]):
        expected = changed.initial_memory()
        for position in range(length):
            transition = jax.tree.map(
                lambda leaf, t=position, n=environment: leaf[t, n], running.transitions
            )
            expected = step(expected, transition)
        mine = jax.tree.map(lambda leaf, n=environment: leaf[n], memory)
        assert farthest(mine, expected) < 1e-13
    assert farthest(memory, collector.memory) > 1e-3


def test_the_initial_memory_where_nothing_has_happened():
    trial = make_trial(UNEVEN)
    agent = tiny_agent(trial)
    _, buffer = collected(agent, trial, steps=3, rollouts=1)
    none = eqx.tree_at(lambda r: r.length, buffer.running(), jnp.zeros(ENVIRONMENTS, jnp.int32))
    assert same(rebuild(agent, none), eqx.filter_jit(agent.initial_memory)((ENVIRONMENTS,)))


def test_members_side_by_side():
    """Each takes as many steps as it has, whatever the others."""
    trial = make_trial(UNEVEN)
    agent = tiny_agent(trial)
    _, buffer = collected(agent, trial, steps=4, rollouts=1)
    running = buffer.running()
    lengths = jnp.array([[1, 0, 2], [4, 3, 0]], jnp.int32)

    def of(length):
        return rebuild_memory(agent, eqx.tree_at(lambda r: r.length, running, length))

    memories = jax.jit(jax.vmap(of))(lengths)
    for member in range(2):
        mine = jax.tree.map(lambda leaf, m=member: leaf[m], memories)
        assert farthest(mine, jax.jit(of)(lengths[member])) < 1e-13
