"""What the steps of policy and bound change, when, and what they leave alone."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.objectives import after_updates, drawn, objective_settings, started, update
from support.parity import difference
from support.tiny import farthest, same, tiny_learner

from splagger.environments.task_information import TaskInformation
from splagger.foundation.objective_settings import ObjectiveSettings, TaskInferenceSettings
from splagger.learning.evaluation import evaluate
from splagger.learning.learner import Learner, collection_key
from splagger.learning.objective import inference_target
from splagger.learning.ppo import minibatch_loss
from splagger.learning.rollout import Rollout, collect
from splagger.learning.train_state import TrainState
from splagger.policies.actor_critic import ActorCritic
from splagger.recipes.agents import AGENTS

# One for every way in which the policy sees latents, samples of them, or the task.
LEARNERS = [
    "varibad-film",
    "pearl",
    "pearl-gru",
    "bi++-hypernetwork",
    "multi-task",
    "belief-oracle",
]


@eqx.filter_jit
def rolled_out(learner: Learner, state: TrainState) -> tuple[TrainState, Rollout]:
    """A state whose buffer has taken in the rollout that it would learn from next."""
    collector, rollout = collect(
        state.agent,
        learner.trial,
        state.collector,
        collection_key(state),
        steps=learner.steps,
        restart_memory=learner.restart_memory,
    )
    state = eqx.tree_at(lambda s: s.collector, state, collector)
    if state.trajectories is not None:
        task = replace(rollout.task, belief=None)
        trajectories = state.trajectories.add(rollout.transitions, task, rollout.trial_end)
        state = eqx.tree_at(lambda s: s.trajectories, state, trajectories)
    return state, rollout


# The first minibatch


@eqx.filter_jit
def first_log_ratio(learner: Learner, state: TrainState) -> jax.Array:
    """How much the probabilities of actions differ when the first minibatch is looked at."""
    state, rollout = rolled_out(learner, state)
    state, experience, _ = learner.prepare(state, rollout)
    numbers = state.hyperparameters
    _, losses = minibatch_loss(state.agent.networks, state.agent, experience, None, numbers)
    return losses.log_ratio


@pytest.mark.parametrize("name", LEARNERS)
def test_what_is_learnt_from_is_what_was_done(name: str):
    settings = objective_settings(name)
    assert float(first_log_ratio(tiny_learner(settings), started(settings))) < 1e-5


def test_as_published_samples_are_replaced_by_means():
    settings = objective_settings("pearl")
    learner, state = tiny_learner(settings), started(settings)
    assert float(first_log_ratio(replace(learner, replay_latent_noise=False), state)) > 1e-3


# Who learns from what


@eqx.filter_jit
def policy_steps(learner: Learner, state: TrainState) -> TrainState:
    """The state after the optimiser's steps on the policy's loss alone."""
    state, rollout = rolled_out(learner, state)
    state, experience, _ = learner.prepare(state, rollout)
    samples = learner.minibatch_samples(jax.random.key(0))
    agent, optimiser, _, _ = learner.optimise(state, experience, samples, jax.random.key(1))
    return replace(state, agent=agent, optimiser=optimiser)


@eqx.filter_jit
def bound_steps(learner: Learner, state: TrainState) -> TrainState:
    """The state after the steps of the bound alone."""
    elbo, numbers = learner.objective.elbo, state.hyperparameters.elbo
    assert elbo is not None
    assert numbers is not None
    assert state.trajectories is not None
    given = (state.trajectories, jax.random.key(2), numbers)
    agent, optimiser, _ = elbo.improve(state.agent, state.optimiser, learner.optimisers, *given)
    return replace(state, agent=agent, optimiser=optimiser)


def changed(before: TrainState, after: TrainState) -> dict[str, bool]:
    """Which parts of an agent, or their moments, differ."""
    return {
        part: not same(
            (getattr(before.agent.networks, part), getattr(before.optimiser, part)),
            (getattr(after.agent.networks, part), getattr(after.optimiser, part)),
        )
        for part in ("actor_critic", "sequence_model", "decoders")
    }


def test_policy_and_bound_leave_each_other_alone():
    settings = objective_settings("ti++")
    learner, state = tiny_learner(settings), started(settings)
    after = policy_steps(learner, state)
    assert changed(state, after) == {
        "actor_critic": True,
        "sequence_model": False,
        "decoders": False,
    }
    filled, _ = rolled_out(learner, state)
    assert changed(filled, bound_steps(learner, filled)) == {
        "actor_critic": False,
        "sequence_model": True,
        "decoders": True,
    }
    # Nothing is learnt as long as no trial has ended: not even moments change.
    assert changed(state, bound_steps(learner, state)) == dict.fromkeys(
        changed(state, state), False
    )


def test_end_to_end_all_learn_from_one_loss():
    settings = objective_settings("pearl")
    learner, state = tiny_learner(settings), started(settings)
    parts = changed(state, policy_steps(learner, state))
    assert parts["actor_critic"]
    assert parts["sequence_model"]


# The warm-up of task inference


@pytest.fixture(scope="module")
def hard() -> list[TrainState]:
    """A training with a frozen warm-up of two updates, and a new start."""
    settings = objective_settings("ti")
    return after_updates(tiny_learner(settings), started(settings), 4)


def test_the_policy_is_told_for_exactly_the_warm_up(hard: list[TrainState]):
    assert [bool(state.agent.told) for state in hard] == [True, True, False, False, False]
    assert not any(bool(state.agent.on_its_own().told) for state in hard)


def test_an_evaluation_is_never_told(hard: list[TrainState]):
    settings = objective_settings("ti")
    trial = tiny_learner(settings).trial
    told, alone = (
        eqx.filter_jit(evaluate)(
            replace(hard[1].agent, told=jnp.asarray(told)), trial, jax.random.key(0), tasks=8
        )
        for told in (True, False)
    )
    assert same(told, alone)


def test_the_frozen_part_learns_from_the_end_of_the_warm_up_on(hard: list[TrainState]):
    learns = [changed(*pair) for pair in zip(hard, hard[1:], strict=False)]
    assert [parts["actor_critic"] for parts in learns] == [True] * 4
    for part in ("sequence_model", "decoders"):
        assert [parts[part] for parts in learns] == [False, False, True, True]
    # It had something to learn from.
    assert hard[1].trajectories is not None
    assert int(hard[1].trajectories.rows_filled) > 0


def test_the_policy_starts_anew_once_but_for_its_embedding_of_the_task(hard: list[TrainState]):
    fresh = hard[0].second_policy
    assert isinstance(fresh, ActorCritic)
    assert all(same(state.second_policy, fresh) for state in hard)

    def embedding(policy):
        return policy.task_embedding

    policies = [state.agent.networks.actor_critic for state in hard]
    blank = [eqx.tree_at(embedding, policy, embedding(fresh)) for policy in policies]
    assert [same(policy, fresh) for policy in blank] == [False, False, True, False, False]
    # The embedding was learnt in the warm-up, and is that of none of the starts.
    codes = [embedding(policy) for policy in policies]
    assert not same(codes[2], embedding(fresh))
    assert not same(codes[1], codes[0])
    # It is no longer used, and stands still but for the optimiser's momentum.
    assert farthest(codes[3], codes[2]) < 0.05


def with_warm_up(state: TrainState, updates: int) -> TrainState:
    """The same state in a training with another warm-up."""
    number = jnp.asarray(updates, float)
    return eqx.tree_at(lambda s: s.hyperparameters.inference.warm_up_updates, state, number)


def test_a_new_start_keeps_the_moments(hard: list[TrainState]):
    settings = objective_settings("ti")
    learner = tiny_learner(settings)
    never = with_warm_up(hard[1], 9)
    goes_on, _ = update(learner, never)
    assert same(goes_on.optimiser, hard[2].optimiser)
    assert not same(goes_on.agent.networks.actor_critic, hard[2].agent.networks.actor_critic)
    first = jax.tree.leaves(hard[2].optimiser.actor_critic)
    assert any(float(jnp.max(jnp.abs(leaf))) > 0 for leaf in first)


def test_without_a_warm_up_nobody_is_told_and_nothing_starts_anew(hard: list[TrainState]):
    settings = objective_settings("ti")
    learner = tiny_learner(settings)
    state = with_warm_up(hard[0], 0)
    state = eqx.tree_at(lambda s: s.agent.told, state, jnp.asarray(False))
    states = after_updates(learner, state, 2)
    assert not any(bool(s.agent.told) for s in states)
    learns = [changed(*pair) for pair in zip(states, states[1:], strict=False)]
    assert all(all(parts.values()) for parts in learns)
    fresh = state.second_policy
    assert not any(same(s.agent.networks.actor_critic, fresh) for s in states)


# Before and between updates, as published


@pytest.fixture(scope="module")
def published() -> tuple[Learner, list[TrainState]]:
    """A training by the paper's recipe, whose third update is the first that learns."""
    settings = objective_settings("varibad", recipe="paper", learning={"precollect_frames": 81})
    learner = tiny_learner(settings)
    return learner, after_updates(learner, started(settings), 3)


def test_nothing_is_learnt_before_enough_frames(published):
    _, states = published
    learns = [changed(*pair) for pair in zip(states, states[1:], strict=False)]
    assert [set(parts.values()) for parts in learns] == [{False}, {False}, {True}]
    # The trials are remembered all the same.
    assert [int(state.trajectories.rows_filled) for state in states] == [0, 3, 6, 9]
    assert [int(state.updates) for state in states] == [0, 1, 2, 3]


def test_memories_are_encoded_anew_after_every_update(published):
    learner, states = published
    assert learner.rebuild_memory
    before, rollout = rolled_out(learner, states[2])
    ends = np.asarray(rollout.trial_end)
    assert ends[-4].all()
    assert ends.sum() == 3
    # Three steps of the next trial are made, which the new sequence model takes in alone.
    agent = states[3].agent
    memory = agent.initial_memory((3,))
    for step in (-3, -2, -1):
        transition = jax.tree.map(lambda leaf, t=step: leaf[t], rollout.transitions)
        memory = agent.networks.sequence_model.step(memory, transition)
    assert farthest(states[3].collector.memory, memory) < 1e-5
    assert farthest(before.collector.memory, memory) > 1e-3


# The bound


def losses_of(learner: Learner, state: TrainState, scale: str, terms: int | None = None):
    """The bound's parts for one state, whatever its learner's scale."""
    elbo, numbers = learner.objective.elbo, state.hyperparameters.elbo
    assert elbo is not None
    assert numbers is not None
    assert state.trajectories is not None
    elbo = replace(elbo, rules=replace(elbo.rules, scale=scale), terms=terms)
    given = (state.agent.networks, state.agent, state.trajectories)
    return eqx.filter_jit(elbo.losses)(*given, jax.random.key(5), numbers.weights)


def test_the_published_scale_sums_over_trajectories():
    # The recipe `paper` has the published scale and `default` the expectation: see
    # tests/recipes/test_build_objective.py.
    settings = objective_settings("ti++")
    learner, state = tiny_learner(settings), started(settings)
    state, _ = rolled_out(learner, state)
    ours, theirs = (losses_of(learner, state, scale) for scale in ("expectation", "published"))
    elbo = settings.agent.objective.elbo
    assert elbo is not None
    count = elbo.trajectories
    assert count == 3
    assert abs(float(theirs.kl / ours.kl) - count) < 1e-4
    assert abs(float(theirs.inference / ours.inference) - count) < 1e-4
    assert abs(float(theirs.reward / ours.reward) - 1) < 1e-6
    # Where times are drawn, every trajectory is counted at the times of every other.
    drawn_terms, drawn_as_published = (
        losses_of(learner, state, scale, 9) for scale in ("expectation", "published")
    )
    assert abs(float(drawn_as_published.kl / drawn_terms.kl) - count**2) < 1e-3
    assert abs(float(drawn_terms.kl / ours.kl) - 1) < 1e-4


def test_the_target_of_inference_has_no_gradient_and_is_the_policys_own():
    settings = objective_settings("ti++")
    state = started(settings)
    agent = state.agent
    vector = drawn(jax.ShapeDtypeStruct((5, 2), jnp.float32), 0)
    task = TaskInformation(vector, jnp.zeros(5, int))

    def total(networks):
        return jnp.sum(inference_target(networks, agent, task, "task-code"))

    gradient = jax.grad(total)(agent.networks)
    assert all(not np.asarray(leaf).any() for leaf in jax.tree.leaves(gradient))
    policy = agent.networks.actor_critic
    assert isinstance(policy, ActorCritic)
    assert policy.task_embedding is not None
    assert agent.tasks is not None
    expected = np.tanh(
        np.asarray(agent.tasks.normalise(vector)) @ np.asarray(policy.task_embedding.weight)
        + np.asarray(policy.task_embedding.bias)
    )
    code = inference_target(agent.networks, agent, task, "task-code")
    assert difference(np.asarray(code), expected) < 1e-6


# Task inference without a bound


@pytest.fixture(scope="module")
def direct():
    inference = TaskInferenceSettings(weight=2.0)
    agent = replace(AGENTS["rnn"].settings, objective=ObjectiveSettings(task_inference=inference))
    return objective_settings(agent)


def test_direct_inference_draws_the_latent_to_the_task_and_not_the_other_way(direct):
    learner, state = tiny_learner(direct), started(direct)
    state, rollout = rolled_out(learner, state)
    state, experience, _ = eqx.filter_jit(learner.prepare)(state, rollout)

    def error(networks):
        numbers = state.hyperparameters
        _, losses = minibatch_loss(
            networks, state.agent, experience, None, numbers, direct_inference=True
        )
        return losses.inference, losses

    (value, losses), gradient = eqx.filter_jit(jax.value_and_grad(error, has_aux=True))(
        state.agent.networks
    )
    assert float(value) > 1e-3
    policy = gradient.actor_critic
    assert isinstance(policy, ActorCritic)

    def size(tree) -> float:
        return max(float(jnp.max(jnp.abs(leaf))) for leaf in jax.tree.leaves(tree))

    assert size(gradient.sequence_model) > 1e-4
    assert size(policy.latent_embedding) > 1e-4
    assert size(policy.task_embedding) == 0
    assert size((policy.actor, policy.critic)) == 0
    # It is added with its weight.
    rest = (
        losses.policy
        + state.hyperparameters.value_weight * losses.value
        - state.hyperparameters.entropy_weight * losses.entropy
    )
    assert abs(float(losses.total - rest) - 2 * float(value)) < 1e-5
