"""The compiled evaluation against a plain loop over one task after the other."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.tiny import FORCED, UNEVEN, Drift, farthest, resetting, same, tiny_agent

from splagger.agent import Agent
from splagger.environments.registry import make_trial
from splagger.environments.trial import Trial
from splagger.learning.evaluation import Evaluation, evaluate
from splagger.sequence.embedding import Transition

pytestmark = pytest.mark.usefixtures("float64")

TASKS = 4

measure = eqx.filter_jit(evaluate)


def loop(agent: Agent, trial: Trial, key, *, erase_memory: bool) -> Evaluation:
    """One task after the other, to the end of its trial and no further."""
    reset, step = eqx.filter_jit(Trial.reset), eqx.filter_jit(Trial.step)
    act, observe = eqx.filter_jit(Agent.act), eqx.filter_jit(Agent.observe)
    reset_key, step_key = jax.random.split(key)
    returns = np.zeros((TASKS, trial.episodes))
    success = np.zeros((TASKS, trial.episodes), bool)
    fresh = agent.initial_memory()
    for task in range(TASKS):
        state, observation = reset(trial, jax.random.split(reset_key, TASKS)[task])
        memory, over, steps, episode = fresh, False, 0, 0
        while not over:
            privileged = trial.task_information(state)
            remembered = fresh if erase_memory else memory
            action = act(agent, remembered, observation, privileged, None).action
            keys = jax.random.split(jax.random.fold_in(step_key, steps), TASKS)
            state, result = step(trial, state, action, keys[task])
            returns[task, episode] += float(result.reward)
            success[task, episode] |= bool(result.success)
            transition = Transition(observation, action, result.reward, result.next_observation)
            memory, _ = observe(agent, memory, transition, jnp.zeros((), bool), fresh)
            observation = result.observation
            episode += bool(result.episode_end)
            over, steps = bool(result.trial_end), steps + 1
        assert episode == trial.episodes
    return Evaluation(jnp.asarray(returns), jnp.asarray(success))


@pytest.mark.parametrize(
    ("environment", "erase_memory"), [("maze", False), ("maze", True), ("drift", False)]
)
def test_equal_to_a_loop(environment: str, erase_memory: bool):
    trial = make_trial(UNEVEN) if environment == "maze" else Trial(Drift(), episodes=3)
    agent = tiny_agent(trial, seed=3)
    key = jax.random.key(5)
    ours = measure(agent, trial, key, tasks=TASKS, erase_memory=erase_memory)
    expected = loop(agent, trial, key, erase_memory=erase_memory)
    assert farthest(ours.returns, expected.returns) < 1e-12
    assert same(ours.success, expected.success)


def test_memory_matters_and_erasing_it_is_another_agent():
    trial = make_trial(UNEVEN)
    agent = tiny_agent(trial, seed=3)
    key = jax.random.key(5)
    kept, erased = (
        measure(agent, trial, key, tasks=TASKS, erase_memory=erase) for erase in (False, True)
    )
    assert not same(kept, erased)


class Uneven(Drift):
    """Episodes of positive tasks end after one step, all others after seven; every step pays 1.

    Success is an episode of a task above 0.7.
    """

    @property
    def max_episode_steps(self) -> int:
        return 7

    def step(self, task, state, action, key):
        state, step = super().step(task, state, jnp.zeros(1), key)
        return state, eqx.tree_at(
            lambda s: (s.reward, s.terminated, s.success),
            step,
            (jnp.ones(()), task > 0, task > 0.7),
        )


def test_a_task_counts_until_its_trial_ends():
    trial = Trial(Uneven(), episodes=2)
    agent = tiny_agent(trial)
    key = jax.random.key(0)
    evaluation = measure(agent, trial, key, tasks=16)
    # Short trials last 2 steps and long ones 14, side by side: tasks that follow a short trial
    # must not count.
    keys = jax.random.split(jax.random.split(key)[0], 16)
    tasks = np.asarray(jax.vmap(trial.reset)(keys)[0].task)[:, None]
    for kind in (tasks < 0, (tasks > 0) & (tasks < 0.7), tasks > 0.7):
        assert kind.sum() > 1
    both = np.ones(2)
    assert same(evaluation.returns, jnp.where(tasks > 0, 1.0, 7.0) * both)
    assert same(evaluation.success, (tasks > 0.7) & (both > 0))


def test_another_maze_and_more_episodes_than_in_training():
    agent = tiny_agent(make_trial(FORCED))
    trial = make_trial("t-maze-long-noise:length=6,episodes=3")
    evaluation = measure(agent, trial, jax.random.key(0), tasks=TASKS)
    assert evaluation.returns.shape == evaluation.success.shape == (TASKS, 3)
    expected = np.where(np.asarray(evaluation.success), 4.0, -3.0)
    assert same(evaluation.returns, jnp.asarray(expected))


def test_the_key_decides():
    trial = make_trial(UNEVEN)
    agent = tiny_agent(trial, seed=3)
    first, again, other = (
        measure(agent, trial, jax.random.key(seed), tasks=TASKS) for seed in (1, 1, 2)
    )
    assert same(first, again)
    assert not same(first, other)


def test_the_memory_is_never_reset_as_published():
    """The convention of training has no part in it: an evaluation is one trial."""
    trial = make_trial(UNEVEN)
    after, before = (
        tiny_agent(trial, resetting(memory_reset), seed=3)
        for memory_reset in ("after-last-transition", "before-last-transition")
    )
    both = (measure(agent, trial, jax.random.key(5), tasks=TASKS) for agent in (after, before))
    assert same(*both)
