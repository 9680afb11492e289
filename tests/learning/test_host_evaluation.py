"""The evaluation on the host against a plain loop over one task after the other."""

from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.host_runs import poles
from support.tiny import farthest, same, tiny_agent

from splagger.agent import Agent
from splagger.environments.task_information import TaskInformation
from splagger.learning import host_evaluation
from splagger.learning.evaluation import Evaluation
from splagger.learning.host_evaluation import evaluate_on_host
from splagger.sequence.embedding import Transition

MEMBERS, TASKS = 2, 3


@cache
def agents() -> Agent:
    """Two different agents."""
    each = [tiny_agent(poles(), seed=seed) for seed in (3, 6)]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *each)


def measure(seed: int = 5, *, erase_memory: bool = False) -> Evaluation:
    keys = jax.random.split(jax.random.key(seed), MEMBERS)
    return evaluate_on_host(
        agents(),
        poles(),
        keys,
        tasks=TASKS,
        erase_memory=erase_memory,
        workers=0,
        method="in-turn",
    )


def loop(seed: int, *, erase_memory: bool) -> tuple[np.ndarray, np.ndarray]:
    """One member and one task after the other, each to the end of its trial and no further."""
    act, observe = eqx.filter_jit(Agent.act), eqx.filter_jit(Agent.observe)
    returns = np.zeros((MEMBERS, TASKS, 2))
    success = np.zeros((MEMBERS, TASKS, 2), bool)
    for member, key in enumerate(jax.random.split(jax.random.key(seed), MEMBERS)):
        agent = jax.tree.map(lambda leaf, m=member: leaf[m], agents())
        fresh = agent.initial_memory()
        for task, number in enumerate(jax.random.bits(key, (TASKS,), jnp.uint32)):
            simulators = poles().simulators(number[None], workers=0)
            start = simulators.reset()
            known = TaskInformation(*map(jnp.asarray, (start.tasks.vector, start.tasks.index)))
            observation, memory = jnp.asarray(start.observation), agent.initial_memory((1,))
            while True:
                action = act(agent, memory, observation, known, None).action
                simulators.send(np.asarray(action))
                result = simulators.receive()
                returns[member, task, result.episode[0]] += result.reward[0]
                success[member, task, result.episode[0]] |= result.success[0]
                if result.trial_end[0]:
                    break
                seen = jnp.asarray(result.next_observation)
                reward = jnp.asarray(result.reward)
                transition = Transition(observation, action, reward, seen)
                memory, _ = observe(agent, memory, transition, jnp.zeros(1, bool), fresh)
                if erase_memory:
                    memory = agent.initial_memory((1,))
                observation = jnp.asarray(result.observation)
            simulators.close()
    return returns, success


@pytest.mark.parametrize("erase_memory", [False, True])
def test_equal_to_a_loop(erase_memory: bool):
    evaluation = measure(erase_memory=erase_memory)
    returns, success = loop(5, erase_memory=erase_memory)
    assert evaluation.returns.shape == (MEMBERS, TASKS, 2)
    assert farthest(evaluation.returns, returns) < 1e-6
    assert same(evaluation.success, success)
    # Trials that end early stop counting: no episode is longer than the environment allows.
    assert 0 < evaluation.returns.min() <= evaluation.returns.max() <= 12


def test_the_key_decides():
    assert same(measure(), measure())
    assert not same(measure(5).returns, measure(6).returns)


def test_a_few_tasks_at_a_time_give_the_same(monkeypatch: pytest.MonkeyPatch):
    expected = measure()
    monkeypatch.setattr(host_evaluation, "MOST_SIMULATORS", 2)
    assert same(measure(), expected)


def test_it_is_over_when_every_trial_is(monkeypatch: pytest.MonkeyPatch):
    """Not when the longest possible trial would be."""
    calls = []
    advance = host_evaluation.advance_evaluation

    def counted(*arguments, **options):
        calls.append(1)
        return advance(*arguments, **options)

    monkeypatch.setattr(host_evaluation, "advance_evaluation", counted)
    longest = int(measure().returns.sum(-1).max())
    # Every step pays 1, and after the last nothing is chosen any more.
    assert len(calls) == MEMBERS * (longest - 1)
