"""What is collected on the host, against one step after the other of the same agent."""

from functools import cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.host_runs import poles
from support.tiny import farthest, same, tiny_agent

from splagger.agent import Agent
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import HostTasks
from splagger.environments.registry import make_trial
from splagger.environments.task_information import TaskInformation
from splagger.learning.host_rollout import collect_on_host
from splagger.learning.host_trials import by_member, start_on_host
from splagger.learning.sweep import MemberMethod
from splagger.learning.train_state import Collector

MEMBERS, ENVIRONMENTS, STEPS = 2, 4, 8
NAMES = (
    *("reward", "next_observation", "episode_end", "trial_end", "truncated", "success", "diverged"),
)
SEEDS = np.arange(MEMBERS * ENVIRONMENTS, dtype=np.uint32)


@cache
def agents() -> Agent:
    """Two different agents."""
    each = [tiny_agent(poles(6), seed=seed) for seed in (3, 4)]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *each)


def collect_twice(
    method: MemberMethod = "in-turn", groups: int = 1, restart_memory: bool = False
) -> list[tuple[Collector, Any]]:
    """Two rollouts in a row: the collectors before each, and then the rollout; last the end."""
    simulators = poles(6).simulators(SEEDS, workers=0)
    start = simulators.reset()
    shown = (start.observation, start.tasks.vector, start.tasks.index)
    observation, vector, index = (jnp.asarray(by_member(values, MEMBERS)) for values in shown)
    collectors = jax.vmap(start_on_host)(agents(), observation, TaskInformation(vector, index))
    found = []
    for key in keys():
        before = collectors
        collectors, rollout = collect_on_host(
            agents(),
            simulators,
            collectors,
            key,
            steps=STEPS,
            restart_memory=restart_memory,
            groups=groups,
            method=method,
        )
        found.append((before, rollout))
    found.append((collectors, None))
    simulators.close()
    return found


def keys() -> list[jax.Array]:
    """Of both rollouts, `[member]`."""
    return [jax.random.split(jax.random.key(seed), MEMBERS) for seed in (5, 6)]


@pytest.fixture(scope="module")
def rollouts() -> list[tuple[Collector, Any]]:
    return collect_twice()


def test_simulators_did_what_is_recorded(rollouts):
    simulators = poles(6).simulators(SEEDS, workers=0)
    start = simulators.reset()
    observation, tasks = start.observation, start.tasks

    def shown(values: np.ndarray) -> np.ndarray:
        return by_member(values, MEMBERS)

    def assert_tasks(recorded: TaskInformation, expected: HostTasks) -> None:
        np.testing.assert_array_equal(recorded.vector, shown(expected.vector))
        np.testing.assert_array_equal(recorded.index, shown(expected.index))

    ends = 0
    for _, rollout in rollouts[:2]:
        for step in range(STEPS):
            np.testing.assert_array_equal(rollout.observation[:, step], shown(observation))
            assert_tasks(jax.tree.map(lambda leaf, t=step: leaf[:, t], rollout.task), tasks)
            simulators.send(np.asarray(rollout.action[:, step]).reshape(-1))
            result = simulators.receive()
            for name in NAMES:
                recorded = getattr(rollout, name)[:, step]
                np.testing.assert_array_equal(recorded, shown(getattr(result, name)))
            observation, tasks = result.observation, result.tasks
            ends += result.trial_end.sum()
        np.testing.assert_array_equal(rollout.last_observation, shown(observation))
        assert_tasks(rollout.last_task, tasks)
    assert ends > 4  # Trials of two episodes of at most six steps.


def test_agents_did_what_is_recorded(rollouts):
    act, observe = eqx.filter_jit(Agent.act), eqx.filter_jit(Agent.observe)
    for member in range(MEMBERS):
        agent = jax.tree.map(lambda leaf, m=member: leaf[m], agents())
        fresh = agent.initial_memory()
        memory = agent.initial_memory((ENVIRONMENTS,))
        for key, (_, every) in zip(keys(), rollouts[:2], strict=True):
            rollout = jax.tree.map(lambda leaf, m=member: leaf[m], every)
            places = jax.random.split(key[member], ENVIRONMENTS)
            assert farthest(rollout.memory, memory) < 1e-5
            for step in range(STEPS):
                both = (rollout.transitions, rollout.task)
                transition, task = jax.tree.map(lambda leaf, t=step: leaf[t], both)
                chosen = jax.vmap(jax.random.fold_in, (0, None))(places, step)
                choice = act(agent, memory, transition.previous_observation, task, chosen)
                assert same(choice.action, transition.action)
                expected = (choice.log_probability, memory.latent)
                ours = (rollout.log_probability[step], rollout.latent[step])
                assert farthest(ours, expected) < 1e-5
                end = rollout.trial_end[step]
                memory, next_latent = observe(agent, memory, transition, end, fresh)
                assert farthest(rollout.next_latent[step], next_latent) < 1e-5
            assert farthest(rollout.last_latent, memory.latent) < 1e-5
        end = jax.tree.map(lambda leaf, m=member: leaf[m], rollouts[2][0].memory)
        assert farthest(end, memory) < 1e-5


def test_a_rollout_begins_where_the_last_one_ended(rollouts):
    assert np.asarray(rollouts[0][0].fresh_start).all()
    pairs = [(rollouts[n + 1][0], rollouts[n][1]) for n in range(2)]
    for collector, rollout in pairs:
        assert same(collector.observation, rollout.last_observation)
        assert same(collector.trial.tasks, rollout.last_task)
        assert same(collector.memory.latent, rollout.last_latent)
        assert same(collector.fresh_start, rollout.trial_end[:, -1])


def test_neither_groups_nor_how_members_share_a_device_change_anything(rollouts):
    others = collect_twice("vectorised", groups=2)
    for (_, ours), (_, theirs) in zip(others[:2], rollouts[:2], strict=True):
        assert same(ours.action, theirs.action)
        assert farthest(ours, theirs) < 1e-5
    assert farthest(others[2][0].memory, rollouts[2][0].memory) < 1e-5


def test_actions_are_drawn_apart(rollouts):
    """Members differ, environments differ, and so do steps."""
    action = np.asarray(rollouts[0][1].action)
    assert set(np.unique(action)) == {0, 1}
    apart = {row.tobytes() for row in np.swapaxes(action, 1, 2).reshape(-1, STEPS)}
    assert len(apart) > 4


def test_a_memory_that_restarts_with_the_rollout(rollouts):
    _, second = collect_twice(restart_memory=True)[1]
    fresh = jax.vmap(lambda agent: agent.initial_memory((ENVIRONMENTS,)))(agents())
    assert farthest(second.memory, fresh) < 1e-6
    assert farthest(rollouts[1][1].memory, fresh) > 1e-2


def test_continuous_actions_and_no_task():
    with pytest.warns(UserWarning, match="all its trials are of one task"):
        trial = make_trial("support.scripted:plain", episodes=2, trust=True)
    assert isinstance(trial, HostTrial)
    agent = jax.tree.map(lambda leaf: leaf[None], tiny_agent(trial))
    simulators = trial.simulators(SEEDS[:2], workers=0)
    start = simulators.reset()
    assert start.tasks.vector.shape == (2, 0)
    observation = jnp.asarray(by_member(start.observation, 1))
    tasks = TaskInformation(jnp.zeros((1, 2, 0)), jnp.zeros((1, 2), int))
    collectors = jax.vmap(start_on_host)(agent, observation, tasks)
    _, rollout = collect_on_host(
        agent,
        simulators,
        collectors,
        keys()[0][:1],
        steps=3,
        restart_memory=False,
        groups=2,
        method="in-turn",
    )
    assert rollout.action.shape == (1, 3, 2, 2)
    assert rollout.task.vector.shape == (1, 3, 2, 0)
    np.testing.assert_allclose(rollout.reward, rollout.action.sum(-1), rtol=1e-5)
    # The environment shows what was done.
    what = np.asarray(rollout.next_observation[..., :4]).reshape(1, 3, 2, 2, 2)[..., 0]
    np.testing.assert_allclose(what, rollout.action, rtol=1e-6)
