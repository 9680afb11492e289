import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import loops
from support.parity import difference
from support.tasks import no_task
from support.tiny import (
    FORCED,
    UNEVEN,
    Drift,
    farthest,
    numbers_of,
    same,
    shaken,
    tiny_learner,
    tiny_settings,
    tiny_state,
)

from splagger.agent import Agent
from splagger.environments.trial import Trial
from splagger.foundation.normalisers import RewardNormaliser, RunningMoments
from splagger.foundation.settings import ConventionSettings
from splagger.learning.advantages import TimeLimits
from splagger.learning.learner import Learner
from splagger.learning.ppo import minibatch_loss
from splagger.learning.rollout import collect
from splagger.learning.train_state import TrainState

update = eqx.filter_jit(Learner.update)
value_of = eqx.filter_jit(Agent.value)
prepare = eqx.filter_jit(Learner.prepare)


def collect_as(learner: Learner, state: TrainState):
    """The rollout that `update` learns from."""
    return eqx.filter_jit(collect)(
        state.agent,
        learner.trial,
        state.collector,
        jax.random.split(state.key, 3)[1],
        steps=learner.steps,
        restart_memory=learner.restart_memory,
    )


class TestPrepare:
    """Rewards, advantages and targets, where episodes may be truncated."""

    @pytest.fixture(autouse=True)
    def _numbers(self, float64):
        pass

    @pytest.mark.parametrize("time_limits", ["bootstrap", "zero-advantage", "terminal"])
    def test_equal_to_loops(self, time_limits: TimeLimits):
        published = time_limits == "zero-advantage"
        conventions = ConventionSettings(
            time_limits=time_limits, reset_all_returns=published, early_statistics=published
        )
        settings = tiny_settings(
            conventions=conventions, learning={"discount": 0.9, "trace_decay": 0.8}
        )
        learner = tiny_learner(settings, Trial(Drift(), episodes=2))
        learner = dataclasses.replace(learner, reward_clip=1.5)
        state = tiny_state(settings, learner)
        _, rollout = collect_as(learner, state)
        trial_end, truncated = np.asarray(rollout.trial_end), np.asarray(rollout.truncated)
        assert (trial_end & truncated).any()
        assert (truncated & ~trial_end).any()
        new, experience, _ = prepare(learner, state, rollout)

        rewards = loops.normalised_rewards(
            np.asarray(rollout.reward), trial_end, 0.9, 1.5, reset_all=published
        )
        assert (np.abs(rewards) == 1.5).any()
        agent, task = state.agent, no_task(rollout.reward.shape[1])
        values = np.stack(
            [np.asarray(value_of(agent, *at, None, task)) for at in acted_on(rollout)]
        )
        at_end = zip(rollout.next_observation, rollout.next_latent, strict=True)
        final = np.stack([np.asarray(value_of(agent, *at, None, task)) for at in at_end])
        expected = loops.advantages(
            rewards, values, final, trial_end, truncated, 0.9, 0.8, time_limits
        )
        targets = experience.targets
        assert difference(targets.value, values[:-1]) < 1e-12
        assert difference(targets.target, expected + values[:-1]) < 1e-10
        assert difference(targets.advantage, loops.standardised(expected)) < 1e-10
        assert same(targets.log_probability, rollout.log_probability)
        assert same(targets.observation, rollout.observation)
        # Published: observation statistics take the rollout in before the minibatches do.
        flat = np.asarray(rollout.observation).reshape(-1, 2)
        moments = new.agent.observations
        if published:
            assert difference(moments.mean, flat.mean(axis=0)) < 1e-4  # beside a prior of 1e-4
            assert float(moments.count) == 1e-4 + len(flat)
        else:
            assert same(new.agent, agent)

    def test_bootstrap_values_the_final_observation_with_all_that_is_remembered(self):
        settings = tiny_settings()
        learner = tiny_learner(settings, Trial(Drift(), episodes=2))
        state = tiny_state(settings, learner)
        _, rollout = collect_as(learner, state)
        t, n = np.argwhere(np.asarray(rollout.trial_end & rollout.truncated))[0]
        _, experience, _ = prepare(learner, state, rollout)
        target = experience.targets.target
        # Another final observation moves the target of the step that led to it, by way of the
        # value alone: what the policy acted on next, in a new trial, stays as it was.
        moved = eqx.tree_at(
            lambda r: r.next_observation, rollout, rollout.next_observation.at[t, n].add(1.0)
        )
        _, experience, _ = prepare(learner, state, moved)
        change = np.asarray(experience.targets.target - target)
        task = no_task(rollout.reward.shape[1])
        there, before = (
            value_of(state.agent, r.next_observation[t], r.next_latent[t], None, task)[n]
            for r in (moved, rollout)
        )
        discount = float(state.hyperparameters.discount)
        assert abs(change[t, n] - discount * float(there - before)) < 1e-12
        assert abs(change[t, n]) > 1e-3
        later = np.argwhere(change[t + 1 :])
        assert len(later) == 0


def acted_on(rollout):
    """Observation and latent of every step, and what comes after the last."""
    yield from zip(rollout.observation, rollout.latent, strict=True)
    yield rollout.last_observation, rollout.last_latent


class TestMinibatches:
    """Which samples the optimiser steps use."""

    @pytest.mark.parametrize(
        ("kind", "items", "size"), [("time-steps", 77, 19), ("environments", 7, 1)]
    )
    def test_fresh_permutations_without_the_remainder(self, kind: str, items: int, size: int):
        learning = {
            "environments": 7,
            "steps": 11,
            "epochs": 3,
            "minibatches": 4,
            "minibatch_kind": kind,
        }
        learner = tiny_learner(tiny_settings(learning=learning))
        assert learner.frames_per_update == 77
        samples = np.asarray(learner.minibatch_samples(jax.random.key(0)))
        assert samples.shape == (12, size)
        epochs = samples.reshape(3, -1)
        for epoch in epochs:
            assert len(set(epoch.tolist())) == 4 * size
            assert set(epoch.tolist()) <= set(range(items))
        assert len({tuple(epoch) for epoch in epochs}) == 3
        other = np.asarray(learner.minibatch_samples(jax.random.key(1)))
        assert (other != samples).any()

    def test_every_item_gets_its_turn(self):
        learning = {"environments": 5, "minibatches": 2, "minibatch_kind": "environments"}
        learner = tiny_learner(tiny_settings(learning=learning))
        keys = jax.random.split(jax.random.key(2), 40)
        samples = np.asarray(jax.vmap(learner.minibatch_samples)(keys))
        # Of the five environments one is left out of every epoch, at random.
        counts = np.bincount(samples.reshape(-1), minlength=5)
        assert counts.sum() == 40 * 2 * 4
        assert (counts > 50).all()


@pytest.fixture(scope="module")
def member():
    """Three updates in a row of a member whose environments get out of step."""
    with jax.enable_x64(True):
        settings = tiny_settings(UNEVEN, learning={"steps": 14})
        learner = tiny_learner(settings)
        states, all_metrics = [tiny_state(settings, learner)], []
        for _ in range(3):
            state, metrics = update(learner, states[-1])
            states.append(state)
            all_metrics.append(metrics)
        return settings, learner, states, all_metrics


@pytest.mark.usefixtures("float64")
class TestUpdate:
    """Whole updates with our conventions."""

    def test_the_first_ratio_is_1(self, member):
        *_, all_metrics = member
        for metrics in all_metrics:
            assert float(metrics["first_log_ratio"]) < 1e-12
            assert float(metrics["last_log_ratio"]) > 1e-5

    def test_the_first_ratio_is_not_1_with_early_statistics(self, member):
        settings, learner, states, _ = member
        state = states[1]
        _, rollout = collect_as(learner, state)
        for early in (False, True):
            variant = dataclasses.replace(learner, early_statistics=early)
            prepared, experience, _ = prepare(variant, state, rollout)
            _, losses = eqx.filter_jit(minibatch_loss)(
                prepared.agent.networks, prepared.agent, experience, None, numbers_of(settings)
            )
            assert (float(losses.log_ratio) > 1e-4) == early

    def test_the_observation_statistics_take_in_every_rollout(self, member):
        _, learner, states, _ = member
        for number, state in enumerate(states):
            expected = 1e-4 + number * learner.frames_per_update
            assert difference(state.agent.observations.count, np.asarray(expected)) < 1e-12
        _, rollout = collect_as(learner, states[0])
        flat = np.asarray(rollout.observation).reshape(-1, rollout.observation.shape[-1])
        moments = states[1].agent.observations
        assert difference(moments.mean, flat.mean(axis=0)) < 1e-5  # beside a prior of 1e-4
        assert difference(moments.variance, flat.var(axis=0, ddof=1)) < 1e-4

    def test_the_environments_go_on_where_they_stood(self, member):
        _, learner, states, _ = member
        for state, new in zip(states, states[1:], strict=False):
            collector, _ = collect_as(learner, state)
            assert same(new.collector.trial, collector.trial)
            assert farthest(new.collector.memory, collector.memory) < 1e-13

    def test_everything_moves(self, member):
        _, _, states, _ = member
        for number, (state, new) in enumerate(zip(states, states[1:], strict=False)):
            for part in ("actor_critic", "sequence_model"):
                ours, theirs = (getattr(s.agent.networks, part) for s in (state, new))
                assert 0 < farthest(ours, theirs) < 0.5
            assert not same(state.key, new.key)
            assert int(new.updates) == number + 1
            assert int(new.failed_at) == -1
            assert same(state.hyperparameters, new.hyperparameters)
            # Two epochs of two minibatches.
            moved = (new.optimiser.actor_critic, new.optimiser.sequence_model)
            assert all(int(part.count) == 4 * (number + 1) for part in moved)

    def test_metrics_describe_the_rollout(self, member):
        _, learner, states, all_metrics = member
        for state, metrics in zip(states, all_metrics, strict=False):
            _, rollout = collect_as(learner, state)
            episodes = int(np.sum(rollout.episode_end))
            assert episodes > 0
            assert int(metrics["rollout_episodes"]) == episodes
            mean = float(np.sum(rollout.reward)) / episodes
            assert abs(float(metrics["rollout_reward"]) - mean) < 1e-12
            mean = float(np.sum(rollout.success)) / episodes
            assert abs(float(metrics["rollout_success"]) - mean) < 1e-12
            _, experience, _ = prepare(learner, state, rollout)
            target = np.asarray(experience.targets.target)
            error = target - np.asarray(experience.targets.value)
            explained = 1 - error.var() / target.var()
            assert abs(float(metrics["explained_variance"]) / explained - 1) < 1e-5

    def test_a_fully_annealed_member_learns_nothing(self, member):
        settings, learner, states, _ = member
        numbers = numbers_of(settings, annealing_updates=1.0)
        state = eqx.tree_at(lambda s: s.hyperparameters, states[1], numbers)
        new, _ = update(learner, state)
        assert same(new.agent.networks, state.agent.networks)
        assert not same(new.optimiser, state.optimiser)

    def test_annealing_scales_the_learning_rate(self, member):
        settings, learner, states, _ = member
        state = states[1]
        half = numbers_of(settings, annealing_updates=2.0)
        rate = numbers_of(settings, learning_rate=settings.learning_rates[0] / 2)
        annealed, lowered = (
            update(learner, eqx.tree_at(lambda s: s.hyperparameters, state, numbers))[0]
            for numbers in (half, rate)
        )
        assert farthest(annealed.agent, lowered.agent) < 1e-13

    def test_a_step_into_the_void_is_taken_back(self, member):
        settings, learner, states, _ = member
        numbers = numbers_of(settings, learning_rate=np.inf)
        state = eqx.tree_at(lambda s: s.hyperparameters, states[2], numbers)
        new, metrics = update(learner, state)
        assert int(new.failed_at) == 2
        assert int(new.updates) == 3
        expected = eqx.tree_at(
            lambda s: (s.failed_at, s.updates), state, (new.failed_at, new.updates)
        )
        assert same(new, expected)
        # It stands still from then on, whatever its numbers.
        numbers = numbers_of(settings)
        state = eqx.tree_at(lambda s: s.hyperparameters, new, numbers)
        later, _ = update(learner, state)
        assert int(later.failed_at) == 2
        assert int(later.updates) == 4
        assert same(later.agent, states[2].agent)
        assert same(later.collector, states[2].collector)


@pytest.mark.usefixtures("float64")
def test_minibatches_of_environments_are_steps_of_adam_one_by_one(member):
    settings, learner, states, _ = member
    state = states[0]
    _, rollout = collect_as(learner, state)
    state, experience, _ = prepare(learner, state, rollout)
    samples = jnp.asarray([[2, 0], [1, 2], [0, 1]])
    learner = dataclasses.replace(learner, minibatch_kind="environments")
    agent, optimiser, losses, norms = eqx.filter_jit(Learner.optimise)(
        learner, state, experience, samples, jax.random.key(0)
    )

    gradient_of = eqx.filter_jit(jax.grad(minibatch_loss, has_aux=True))
    networks, structure = jax.tree.flatten(state.agent.networks)
    policy = len(jax.tree.leaves(state.agent.networks.sequence_model))
    first, second = ([np.zeros(leaf.shape) for leaf in networks] for _ in range(2))
    for number, row in enumerate(samples):
        chosen = experience.environments(row)
        gradient, expected = gradient_of(
            jax.tree.unflatten(structure, networks),
            state.agent,
            chosen,
            None,
            state.hyperparameters,
        )
        assert farthest(jax.tree.map(lambda x, i=number: x[i], losses), expected) < 1e-12
        leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(gradient)]
        # The sequence model's arrays come first; each part has its own norm and epsilon.
        parts = ((1, range(policy), 1e-8), (0, range(policy, len(leaves)), 1e-5))
        for which, part, epsilon in parts:
            norm = np.sqrt(sum((leaves[i] ** 2).sum() for i in part))
            assert abs(float(norms[which][number]) / norm - 1) < 1e-12
            for i in part:
                clipped = leaves[i] * min(1, 0.5 / (norm + 1e-6))
                first[i] = 0.9 * first[i] + 0.1 * clipped
                second[i] = 0.999 * second[i] + 0.001 * clipped**2
                root = np.sqrt(second[i] / (1 - 0.999 ** (number + 1)))
                step = first[i] / (1 - 0.9 ** (number + 1)) / (root + epsilon)
                networks[i] = networks[i] - settings.learning_rates[0] * step
    assert farthest(jax.tree.leaves(agent.networks), networks) < 1e-11
    parts = (optimiser.sequence_model, optimiser.actor_critic)
    moments = [x for part in parts for x in jax.tree.leaves(part.mu)]
    assert farthest(moments, first) < 1e-11


def test_the_first_ratio_is_1_in_single_precision_and_with_minibatches_of_environments():
    settings = tiny_settings(FORCED, learning={"steps": 8, "minibatch_kind": "environments"})
    learner = tiny_learner(settings)
    state = tiny_state(settings, learner)
    for _ in range(3):
        # A trial ends with every rollout, and the parameters change before the next begins.
        assert np.asarray(state.collector.fresh_start).all()
        state, metrics = update(learner, state)
        assert float(metrics["first_log_ratio"]) < 1e-5
        assert float(metrics["last_log_ratio"]) > 1e-4
        state = eqx.tree_at(lambda s: s.agent, state, shaken_networks(state, int(state.updates)))


def shaken_networks(state: TrainState, seed: int):
    """The state's agent with far other parameters, as if a very large step had been taken."""
    return shaken(state.agent, seed)


def test_initialisation():
    settings = tiny_settings()
    learner = tiny_learner(settings)
    numbers = numbers_of(settings)
    state = eqx.filter_jit(Learner.initialise)(learner, jnp.asarray(5), numbers)
    assert int(state.updates) == 0
    assert int(state.failed_at) == -1
    parts = (state.optimiser.actor_critic, state.optimiser.sequence_model)
    assert all(int(part.count) == 0 for part in parts)
    assert same(state.hyperparameters, numbers)
    assert np.asarray(state.collector.fresh_start).all()
    assert same(state.rewards, RewardNormaliser.create(settings.learning.environments))
    assert same(state.agent.observations, RunningMoments.create(5))
    # The state that the other tests start from is of this form.
    other = tiny_state(settings, learner)
    assert jax.tree.structure(other) == jax.tree.structure(state)
    for ours, theirs in zip(jax.tree.leaves(other), jax.tree.leaves(state), strict=True):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
