"""Beliefs compared by hand, and whole trials against a plain loop over one task after the other."""

from dataclasses import fields

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.tiny import Drift, farthest, tiny_agent

from splagger.agent import Agent
from splagger.analysis.posterior_quality import (
    BeliefComparison,
    compare_beliefs,
    posterior_quality,
)
from splagger.decoders.decoders import Decoders
from splagger.decoders.place_reward_decoder import PlaceRewardDecoder
from splagger.decoders.task_decoder import TaskIndexDecoder
from splagger.environments.environment import Environment, Step
from splagger.environments.grid_navigation.grid_navigation import GridNavigation
from splagger.environments.registry import make_trial
from splagger.environments.spaces import Box, Discrete
from splagger.environments.trial import Trial
from splagger.foundation.errors import UserError
from splagger.foundation.linear import Linear
from splagger.sequence.embedding import Transition
from splagger.sequence.layers import Layers

pytestmark = pytest.mark.usefixtures("float64")

NAMES = [field.name for field in fields(BeliefComparison)]
TASKS = 8
GRID = "grid-navigation:size=3,episodes=2"

measure = eqx.filter_jit(posterior_quality)


class Waiting(Environment):
    """Nothing but when an episode ends tells the task: after 1, 2 or 3 steps. The state is how many
    steps the episode has and whether one has ended."""

    truncates = False

    @property
    def observation_space(self):
        return Box(-jnp.inf, jnp.inf, (1,))

    @property
    def action_space(self):
        return Discrete(2)

    @property
    def max_episode_steps(self) -> int:
        return 4

    @property
    def tasks(self) -> int:
        return 3

    def sample_task(self, key):
        return jax.random.randint(key, (), 0, 3)

    def reset(self, task, state, key):
        known = jnp.zeros((), bool) if state is None else state[1]
        return (jnp.zeros((), int), known), jnp.zeros(1)

    def step(self, task, state, action, key):
        steps = state[0] + 1
        ended = steps > task
        observation = steps.astype(float)[None] + action
        return (steps, state[1] | ended), Step(observation, 0.0, ended)

    def task_index(self, task, state):
        return task

    def belief(self, task, state):
        numbers = jnp.arange(3)
        possible = jnp.where(state[1], numbers == task, numbers >= state[0])
        return possible / jnp.sum(possible)


def decoding(agent: Agent, decoders: Decoders) -> Agent:
    return eqx.tree_at(lambda a: a.networks.decoders, agent, decoders, is_leaf=lambda x: x is None)


def index_decoder(agent: Agent, tasks: int) -> Decoders:
    """A decoder that sees means and logarithms of variances, with large weights."""
    size = agent.initial_memory().latent.size
    weight = 2 * np.random.default_rng(2).normal(size=(size, tasks))
    return Decoders(task=TaskIndexDecoder(Layers((Linear(jnp.asarray(weight), jnp.zeros(tasks)),))))


def test_by_hand():
    exact = jnp.asarray([[0.5, 0.5, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    decoded = jnp.asarray([[0.25, 0.5, 0.25, 0.0], [0.0, 0.1, 0.9, 0.0]])
    prior = jnp.asarray([0.25, 0.25, 0.5, 0.0])
    found = compare_beliefs(exact, decoded, prior, jnp.asarray([0, 1]))
    two = np.log(2)
    np.testing.assert_allclose(found.entropy, [two, 0], atol=1e-15)
    np.testing.assert_allclose(found.cross_entropy, [1.5 * two, np.log(10)])
    np.testing.assert_allclose(found.decoded_divergence, [0.5 * two, np.log(10)])
    np.testing.assert_allclose(found.prior_divergence, [two, 2 * two])
    np.testing.assert_allclose(found.exact_probability, [0.5, 1])
    np.testing.assert_allclose(found.decoded_probability, [0.25, 0.1])
    never = compare_beliefs(exact, decoded[::-1], prior, jnp.asarray([0, 1]))
    assert np.isinf(never.decoded_divergence[0])


def loop(agent: Agent, trial: Trial, key) -> dict:
    """One task after the other, to the end of its trial and no further: lists over tasks of what is
    known at each step, and of the steps at which later episodes begin."""
    reset, step = eqx.filter_jit(Trial.reset), eqx.filter_jit(Trial.step)
    advance = eqx.filter_jit(Trial.advance)
    act, observe = eqx.filter_jit(Agent.act), eqx.filter_jit(Agent.observe)
    reset_key, step_key, _ = jax.random.split(key, 3)
    assert agent.networks.decoders is not None
    fresh, decoder = agent.initial_memory(), agent.networks.decoders.task
    assert isinstance(decoder, TaskIndexDecoder)
    result = {"exact": [], "decoded": [], "truth": [], "begins": []}
    for task in range(TASKS):
        state, observation = reset(trial, jax.random.split(reset_key, TASKS)[task])
        memory, over, steps = fresh, False, 0
        told = trial.task_information(state)
        truth = int(told.index)
        exact, decoded, begins = [told.belief], [decoder.probabilities(memory.latent)], []
        while not over:
            told = trial.task_information(state)
            action = act(agent, memory, observation, told, None).action
            keys = jax.random.split(jax.random.fold_in(step_key, steps), TASKS)[task]
            after, _ = advance(trial, state, action, keys)
            final = trial.environment.belief(state.task, after)
            state, step_result = step(trial, state, action, keys)
            transition = Transition(
                observation, action, step_result.reward, step_result.next_observation
            )
            memory, _ = observe(agent, memory, transition, jnp.zeros((), bool), fresh)
            observation = step_result.observation
            over, steps = bool(step_result.trial_end), steps + 1
            exact.append(final if over else trial.task_information(state).belief)
            decoded.append(decoder.probabilities(memory.latent))
            if step_result.episode_end and not over:
                begins.append(steps)
        for name, value in (("exact", exact), ("decoded", decoded)):
            result[name].append(np.asarray(value))
        result["truth"].append(truth)
        result["begins"].append(begins)
    return result


def test_equal_to_a_loop_where_trials_end_at_different_steps():
    trial = Trial(Waiting(), episodes=2)
    agent = tiny_agent(trial, seed=4)
    agent = decoding(agent, index_decoder(agent, 3))
    key = jax.random.key(5)
    quality = measure(agent, trial, key, tasks=TASKS, samples=None)
    expected = loop(agent, trial, key)
    lengths = [len(rows) for rows in expected["exact"]]
    # Trials of all three lengths, none of which is the longest that there could be.
    assert set(lengths) == {3, 5, 7}
    assert trial.max_steps == 8
    prior = np.mean([rows[0] for rows in expected["exact"]], axis=0)
    compared = [
        compare_beliefs(*map(jnp.asarray, (exact, decoded, prior, np.full(len(exact), truth))))
        for exact, decoded, truth in zip(
            expected["exact"], expected["decoded"], expected["truth"], strict=True
        )
    ]
    counts = [sum(length > step for length in lengths) for step in range(trial.max_steps + 1)]
    assert quality.tasks.tolist() == counts
    for name in NAMES:
        rows = [np.asarray(getattr(one, name)) for one in compared]
        for step, count in enumerate(counts):
            ours = float(getattr(quality.steps, name)[step])
            here = [row[step] for row in rows if len(row) > step]
            assert np.isnan(ours) if count == 0 else abs(ours - np.mean(here)) < 1e-11, name
        whole = np.mean(np.concatenate(rows))
        assert abs(float(getattr(quality.over_trial, name)) - whole) < 1e-11
        assert abs(float(getattr(quality.at_end, name)) - np.mean([r[-1] for r in rows])) < 1e-11
    for step, count in enumerate(counts):
        share = sum(step in begins for begins in expected["begins"]) / max(count, 1)
        assert count == 0 or abs(float(quality.episode_starts[step]) - share) < 1e-12
    assert sum(map(len, expected["begins"])) == TASKS


def uniform_places(trial: Trial, latent_size: int) -> Decoders:
    layers = Layers((Linear(jnp.zeros((latent_size, 9)), jnp.zeros(9)),))
    assert trial.places is not None
    return Decoders(reward=PlaceRewardDecoder(layers, trial.places))


def test_a_decoder_that_learns_nothing_is_as_far_away_as_the_prior():
    trial = make_trial(GRID)
    agent = tiny_agent(trial, seed=1)
    agent = decoding(agent, uniform_places(trial, 3))
    quality = measure(agent, trial, jax.random.key(0), tasks=16, samples=4)
    steps = quality.steps
    np.testing.assert_allclose(steps.decoded_divergence, steps.prior_divergence, atol=1e-12)
    # The start cell and its neighbours cannot be the goal: what is left is decoded, as likely.
    assert isinstance(trial.environment, GridNavigation)
    possible = len(trial.environment.possible_goals)
    assert possible < 9
    np.testing.assert_allclose(steps.decoded_probability, 1 / possible)
    np.testing.assert_allclose(steps.entropy[0], np.log(possible))
    assert abs(float(steps.prior_divergence[0])) < 1e-12
    np.testing.assert_allclose(steps.cross_entropy, np.log(possible))
    episode = trial.environment.max_episode_steps
    assert quality.episode_starts.tolist() == [step == episode for step in range(2 * episode + 1)]
    assert set(quality.tasks.tolist()) == {16}


@pytest.mark.parametrize("double", [False, True])
def test_members_side_by_side_are_each_alone(double: bool):
    with jax.enable_x64(double):
        trial = make_trial(GRID)
        agents = [
            decoding(tiny_agent(trial, seed=seed), uniform_places(trial, 3)) for seed in range(2)
        ]
        keys = jax.random.split(jax.random.key(0), 2)
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *agents)
        together = eqx.filter_jit(
            eqx.filter_vmap(lambda agent, key: posterior_quality(agent, trial, key, tasks=3))
        )(stacked, keys)
        for member, agent in enumerate(agents):
            alone = measure(agent, trial, keys[member], tasks=3)
            assert alone.steps.entropy.dtype == (jnp.float64 if double else jnp.float32)
            part = jax.tree.map(lambda leaf, m=member: leaf[m], together)
            assert farthest(part, alone) < 1e-5


def test_the_key_decides():
    trial = make_trial(GRID)
    agent = tiny_agent(trial, seed=1)
    agent = decoding(agent, uniform_places(trial, 3))
    first, again, other = (
        measure(agent, trial, jax.random.key(seed), tasks=5).steps.exact_probability.tolist()
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_an_environment_without_an_exact_posterior_is_refused():
    trial = Trial(Drift(), episodes=2)
    agent = tiny_agent(trial)
    agent = decoding(agent, index_decoder(agent, 2))
    with pytest.raises(UserError, match="Drift knows no exact posterior"):
        posterior_quality(agent, trial, jax.random.key(0), tasks=2)


def test_an_agent_without_decoders_is_refused():
    trial = make_trial(GRID)
    with pytest.raises(UserError, match="decodes neither rewards nor the task's index"):
        measure(tiny_agent(trial), trial, jax.random.key(0), tasks=2)
