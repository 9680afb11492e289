"""Collected experience against plain loops, and against recomputation."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.diverging import Shaky
from support.tiny import FORCED, UNEVEN, Drift, farthest, resetting, same, shaken, tiny_agent

from splagger.agent import Agent, MemoryReset
from splagger.environments.registry import make_trial
from splagger.environments.trial import Trial
from splagger.environments.trial_description import Boundary
from splagger.learning.rollout import Rollout, collect, rollout_values, start_collector
from splagger.learning.train_state import Collector
from splagger.sequence.embedding import Transition
from splagger.sequence.split_aggregator import Memory

pytestmark = pytest.mark.usefixtures("float64")

RESETS: tuple[MemoryReset, ...] = ("after-last-transition", "before-last-transition")
ENVIRONMENTS, STEPS = 3, 14

start = eqx.filter_jit(start_collector)
gather = eqx.filter_jit(collect)
unroll = eqx.filter_jit(Agent.unroll)


def replay(agent: Agent, rollout: Rollout):
    """The latents of a rollout, computed again."""
    return unroll(
        agent, rollout.memory, rollout.transitions, rollout.fresh_start, rollout.trial_end
    )


def two_rollouts(
    agent: Agent, trial: Trial, *, steps: int = STEPS, restart: bool = False, change: bool = False
) -> list[Rollout]:
    """Two rollouts, one after the other; where `change` is set the agent changes in between."""
    collector = start(agent, trial, ENVIRONMENTS, jax.random.key(0))
    rollouts = []
    for number in range(2):
        acting = shaken(agent, 9) if change and number else agent
        collector, rollout = gather(
            acting,
            trial,
            collector,
            jax.random.key(1 + number),
            steps=steps,
            restart_memory=restart,
        )
        rollouts.append(rollout)
    return rollouts


def joined(rollouts: list[Rollout], read) -> np.ndarray:
    """A field of several rollouts, one after the other."""
    return np.concatenate([np.asarray(read(rollout)) for rollout in rollouts])


def test_equal_to_a_plain_loop():
    """One environment after the other, one step at a time, with the same random keys."""
    trial = make_trial(UNEVEN)
    agent = tiny_agent(trial)
    collector = start(agent, trial, ENVIRONMENTS, jax.random.key(0))
    key = jax.random.key(1)
    after, rollout = gather(agent, trial, collector, key, steps=STEPS, restart_memory=False)
    assert np.asarray(rollout.trial_end).any()

    act, observe = eqx.filter_jit(Agent.act), eqx.filter_jit(Agent.observe)
    step = eqx.filter_jit(Trial.step)
    fresh = agent.initial_memory()
    states = [jax.tree.map(lambda leaf, n=n: leaf[n], collector.trial) for n in range(ENVIRONMENTS)]
    observation, memory = collector.observation, collector.memory
    rows = []
    for step_key in jax.random.split(key, STEPS):
        action_key, *keys = jax.random.split(step_key, ENVIRONMENTS + 1)
        task = stack([trial.task_information(state) for state in states])
        choice = act(agent, memory, observation, task, action_key)
        action, log_probability = choice.action, choice.log_probability
        row = {
            "observation": observation,
            "task": task,
            "action": action,
            "log_probability": log_probability,
            "latent": memory.latent,
        }
        results, memories = [], []
        for n in range(ENVIRONMENTS):
            states[n], result = step(trial, states[n], action[n], keys[n])
            transition = Transition(
                observation[n], action[n], result.reward, result.next_observation
            )
            mine = jax.tree.map(lambda leaf, n=n: leaf[n], memory)
            memories.append(observe(agent, mine, transition, result.trial_end, fresh))
            results.append(result)
        result = stack(results)
        memory, next_latent = stack(memories)
        observation = result.observation
        names = (
            "reward",
            "next_observation",
            "episode_end",
            "trial_end",
            "truncated",
            "success",
            "diverged",
        )
        row |= {name: getattr(result, name) for name in names} | {"next_latent": next_latent}
        rows.append(row)
    for name, expected in stack(rows).items():
        assert farthest(getattr(rollout, name), expected) < 1e-13, name
    assert farthest(rollout.last_observation, observation) == 0
    assert farthest(rollout.last_latent, memory.latent) < 1e-13
    assert same(rollout.last_task, stack([trial.task_information(state) for state in states]))
    expected = Collector(stack(states), observation, memory, rollout.trial_end[-1])
    assert farthest(numbers_of(after), numbers_of(expected)) < 1e-13


def test_where_physics_diverge_an_episode_ends():
    trial = Trial(Shaky(), episodes=1)
    _, rollout = two_rollouts(tiny_agent(trial), trial)
    diverged = np.asarray(rollout.diverged)
    assert 0 < diverged.sum() < np.asarray(rollout.episode_end).sum()
    assert np.asarray(rollout.truncated)[diverged].all()
    assert (np.asarray(rollout.reward)[diverged] == 0).all()
    before, after = (np.asarray(r) for r in (rollout.observation, rollout.next_observation))
    np.testing.assert_array_equal(after[diverged], before[diverged])


def stack(trees):
    """Pytrees side by side along a new first dimension."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def numbers_of(collector: Collector):
    """What of a collector can be subtracted."""
    return jax.tree.map(lambda leaf: leaf.astype(float), collector)


@pytest.mark.parametrize("boundary", ["both", "terminal", "start"])
def test_observations_line_up_with_flags(boundary: Boundary):
    trial = make_trial(UNEVEN, boundary=boundary)
    rollouts = two_rollouts(tiny_agent(trial), trial)
    first, second = rollouts
    assert same(first.last_observation, second.observation[0])
    assert same(second.fresh_start, first.trial_end[-1])
    assert np.asarray(first.fresh_start).all()

    acted = joined([*rollouts], lambda r: r.observation)
    following = np.concatenate([acted[1:], np.asarray(second.last_observation)[None]])
    seen = joined(rollouts, lambda r: r.next_observation)
    trial_end = joined(rollouts, lambda r: r.trial_end)
    episode_end = joined(rollouts, lambda r: r.episode_end)
    inside = episode_end & ~trial_end
    assert inside.any()
    assert trial_end.any()
    assert (episode_end | ~trial_end).all()

    # The last number is the flag of an episode's end, the first one says "at the start".
    flag, at_start = (..., -1), (..., 0)
    assert (seen[flag] == episode_end).all()
    assert (seen[~episode_end] == following[~episode_end]).all()
    assert (following[flag][trial_end] == 0).all()
    assert (following[at_start][trial_end] == 1).all()
    assert (seen[at_start][trial_end] == 0).any()
    if boundary == "both":
        assert (following[flag] == 0).all()
        assert (following[at_start][inside] == 1).all()
    else:
        assert (following[inside] == seen[inside]).all()
        assert (following[at_start][inside] == 1).all() == (boundary == "start")
    # Nothing of the policy's own observations at a trial's first step is from the trial before.
    starts = np.concatenate([np.asarray(first.fresh_start)[None], trial_end[:-1]])
    assert (acted[at_start][starts] == 1).all()
    assert (acted[flag][starts] == 0).all()


@pytest.mark.parametrize("memory_reset", RESETS)
@pytest.mark.parametrize("restart", [False, True])
def test_latents_acted_on_are_recomputed(memory_reset: MemoryReset, restart: bool):
    trial = make_trial(UNEVEN)
    agent = tiny_agent(trial, resetting(memory_reset))
    first, second = two_rollouts(agent, trial, restart=restart, change=True)
    for acting, rollout in ((agent, first), (shaken(agent, 9), second)):
        latents = replay(acting, rollout)
        assert farthest(latents[:-1], rollout.latent) < 1e-12
        assert farthest(latents[-1], rollout.last_latent) < 1e-12
    assert np.asarray(first.trial_end).any()
    # Some environment is in the middle of a trial at the boundary, with something to remember.
    running = ~np.asarray(second.fresh_start)
    assert running.any()
    prior = np.asarray(shaken(agent, 9).initial_memory().latent)
    restarted = np.abs(np.asarray(second.latent)[0] - prior).max(axis=-1) < 1e-12
    assert (restarted[running] == restart).all()


def test_a_trial_that_starts_with_a_rollout_starts_from_the_prior_of_the_moment():
    # Trials take 8 steps: all of them end with the first rollout, and the agent changes then.
    trial = make_trial(FORCED)
    agent = tiny_agent(trial)
    _, second = two_rollouts(agent, trial, steps=8, change=True)
    assert np.asarray(second.fresh_start).all()
    changed = shaken(agent, 9)
    prior = changed.initial_memory((ENVIRONMENTS,)).latent
    assert farthest(second.latent[0], prior) < 1e-13
    assert farthest(replay(changed, second)[:-1], second.latent) < 1e-12


@pytest.mark.parametrize("memory_reset", RESETS)
@pytest.mark.parametrize(
    ("environment", "steps"), [(UNEVEN, STEPS), (FORCED, 8)], ids=["inside trials", "at their end"]
)
def test_memory_carried_over_rollouts_is_one_long_rollout(
    memory_reset: MemoryReset, environment: str, steps: int
):
    trial = make_trial(environment)
    agent = tiny_agent(trial, resetting(memory_reset))
    rollouts = two_rollouts(agent, trial, steps=steps)
    first, second = rollouts
    transitions = jax.tree.map(
        lambda *parts: jnp.concatenate(parts), *(rollout.transitions for rollout in rollouts)
    )
    trial_end = jnp.concatenate([rollout.trial_end for rollout in rollouts])
    latents = unroll(agent, first.memory, transitions, first.fresh_start, trial_end)
    assert np.asarray(second.fresh_start).all() == (environment == FORCED)
    assert farthest(latents[:-1], joined(rollouts, lambda r: r.latent)) < 1e-12
    assert farthest(latents[-1], second.last_latent) < 1e-12


def test_the_final_observation_keeps_its_trials_latent():
    trial = Trial(Drift(), episodes=2)
    agent = tiny_agent(trial)
    rollout, _ = two_rollouts(agent, trial)
    trial_end, truncated = np.asarray(rollout.trial_end), np.asarray(rollout.truncated)
    assert (trial_end & truncated).any()
    model = agent.networks.sequence_model
    remember = eqx.filter_jit(type(model).step)
    latent = np.asarray(rollout.next_latent)
    for t, n in np.argwhere(trial_end):
        # Everything since the trial's start, replayed without any reset.
        earlier = np.flatnonzero(trial_end[:t, n])
        since = 0 if earlier.size == 0 else int(earlier[-1]) + 1
        memory: Memory = agent.initial_memory()
        for past in range(since, int(t) + 1):
            transition = jax.tree.map(lambda x, i=(past, n): x[i], rollout.transitions)
            memory = remember(model, memory, transition)
        assert farthest(latent[t, n], memory.latent) < 1e-13
    acted = np.asarray(rollout.latent)[1:]
    running = ~trial_end[:-1]
    assert farthest(latent[:-1][running], acted[running]) == 0


def test_values_of_what_was_acted_on_and_of_what_comes_next():
    trial = make_trial(UNEVEN)
    agent = tiny_agent(trial)
    rollout, _ = two_rollouts(agent, trial)
    values = eqx.filter_jit(rollout_values)(agent, rollout)
    assert values.shape == (STEPS + 1, ENVIRONMENTS)
    value = eqx.filter_jit(Agent.value)
    for t in range(STEPS):
        task = jax.tree.map(lambda leaf, t=t: leaf[t], rollout.task)
        expected = value(agent, rollout.observation[t], rollout.latent[t], None, task)
        assert farthest(values[t], expected) < 1e-13
    expected = value(agent, rollout.last_observation, rollout.last_latent, None, rollout.last_task)
    assert farthest(values[-1], expected) < 1e-13


def test_starting():
    trial = make_trial(FORCED)
    agent = tiny_agent(trial)
    collector = start(agent, trial, 64, jax.random.key(3))
    assert np.asarray(collector.fresh_start).all()
    assert farthest(collector.memory, agent.initial_memory((64,))) < 1e-14
    # Every environment has drawn its own task.
    assert len(np.unique(np.asarray(collector.trial.task.indicators))) == 2
