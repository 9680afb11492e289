"""Members side by side: each as if it were alone."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.compilations import compilations
from support.tiny import farthest, same, tiny_learner, tiny_settings, tiny_state

from splagger.environments.registry import make_trial
from splagger.learning.evaluation import evaluate
from splagger.learning.learner import Learner
from splagger.learning.sweep import (
    MemberMethod,
    Sweep,
    evaluate_members,
    fastest_member_method,
    over_members,
)
from splagger.learning.train_state import TrainState
from splagger.recipes.build import build_hyperparameters

pytestmark = pytest.mark.usefixtures("float64")

METHODS: tuple[MemberMethod, ...] = ("vectorised", "in-turn")
LEARNING = {"environments": 2, "steps": 6, "epochs": 1}
SETTINGS = tiny_settings(learning=LEARNING, learning_rates=(1e-3, 1e-2, 3e-2))
TASKS = 3


def members(tree, *, count: int = 3) -> list:
    """What every member has of a pytree with a leading member dimension."""
    return [jax.tree.map(lambda leaf, m=m: leaf[m], tree) for m in range(count)]


def copied(state: TrainState) -> TrainState:
    """An update uses the memory of its input again: this one is left alone."""
    return jax.tree.map(lambda leaf: leaf.copy(), state)


@pytest.fixture(scope="module")
def learner() -> Learner:
    return tiny_learner(SETTINGS)


@pytest.fixture(scope="module")
def alone(learner: Learner) -> list[tuple[TrainState, TrainState]]:
    """Members that were trained alone: their states after one update and after two.

    They differ in learning rate and seed, and the third in every other number as well.
    """
    with jax.enable_x64(True):
        update = eqx.filter_jit(Learner.update)
        pairs = []
        for seed, rate in enumerate(SETTINGS.learning_rates):
            changes = {"learning_rate": rate}
            if seed == 2:
                changes |= {"discount": 0.8, "trace_decay": 0.7, "clip": 0.3}
                changes |= {"entropy_weight": 0.01, "maximum_gradient_norm": 0.1}
            first, _ = update(learner, tiny_state(SETTINGS, learner, seed, **changes))
            pairs.append((first, update(learner, first)[0]))
        return pairs


@pytest.fixture(scope="module")
def together(alone) -> TrainState:
    """The same members' states after one update, in one pytree."""
    with jax.enable_x64(True):
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *(first for first, _ in alone))


@pytest.mark.parametrize("method", METHODS)
def test_a_member_of_a_sweep_is_as_if_it_were_alone(method: MemberMethod, learner, alone, together):
    # Vectorised in groups of two, the second of which has one member; other tests have no groups.
    updated, metrics = Sweep(learner, method, members_at_once=2).update(copied(together))
    for member, (_, expected) in zip(members(updated), alone, strict=True):
        assert farthest(member, expected) < 1e-11
        assert same(member.collector.trial, expected.collector.trial)
        assert same(member.key, expected.key)
    assert all(metric.shape == (3,) for metric in metrics.values())
    # They are no copies of each other.
    first, second, _ = members(updated)
    assert farthest(first.agent, second.agent) > 1e-2


def test_an_update_that_is_not_compiled_is_the_same(learner, alone):
    first, expected = alone[2]
    updated, _ = learner.update(first)
    assert farthest(updated, expected) < 1e-11


@pytest.mark.parametrize("method", METHODS)
def test_nan_in_one_member_leaves_the_others_alone(method: MemberMethod, learner, together):
    sweep = Sweep(learner, method)
    healthy, healthy_metrics = sweep.update(copied(together))
    broken = eqx.tree_at(
        lambda s: s.agent.networks.sequence_model.output.layers[0].bias,
        copied(together),
        together.agent.networks.sequence_model.output.layers[0].bias.at[1, 0].set(jnp.nan),
    )
    updated, metrics = sweep.update(copied(broken))
    for member in (0, 2):
        assert same(members(updated)[member], members(healthy)[member])
        assert same(members(metrics)[member], members(healthy_metrics)[member])
    # It stands still, whole, and says since when: its second update, number 1, failed.
    stands, before = members(updated)[1], members(broken)[1]
    assert int(stands.failed_at) == 1
    assert same(stands, replace(before, failed_at=stands.failed_at, updates=stands.updates))
    assert np.asarray(updated.updates).tolist() == [2, 2, 2]

    again, _ = sweep.update(copied(updated))
    assert np.asarray(again.failed_at).tolist() == [-1, 1, -1]
    assert np.asarray(again.updates).tolist() == [3, 3, 3]
    assert same(members(again)[1], replace(stands, updates=members(again)[1].updates))
    healthy, _ = sweep.update(healthy)
    assert same(members(again)[0], members(healthy)[0])


@pytest.mark.parametrize("method", METHODS)
def test_evaluation_of_members(method: MemberMethod, alone, together):
    keys = jax.random.split(jax.random.key(4), 3)
    trial = make_trial("t-maze-long-noise:length=5,episodes=3")
    evaluation = evaluate_members(together.agent, trial, keys, tasks=TASKS, method=method)
    assert evaluation.returns.shape == (3, TASKS, 3)
    for member, (state, _), key in zip(members(evaluation), alone, keys, strict=True):
        expected = eqx.filter_jit(evaluate)(state.agent, trial, key, tasks=TASKS)
        assert same(member, expected)


def test_evaluating_never_changes_training(learner, together):
    sweep = Sweep(learner, "in-turn")
    expected, _ = sweep.update(copied(together))
    state = copied(together)
    keys = jax.random.split(jax.random.key(4), 3)
    for erase_memory in (False, True):
        evaluate_members(
            state.agent,
            learner.trial,
            keys,
            tasks=TASKS,
            erase_memory=erase_memory,
            method="in-turn",
        )
    assert same(state, together)
    updated, _ = sweep.update(state)
    assert same(updated, expected)


def test_new_numbers_and_seeds_compile_nothing():
    keys = jax.random.split(jax.random.key(4), 3)

    def inputs(first_seed: int, rates: tuple[float, ...], **learning: float):
        """A learner that is built anew, as in another run, and what its members start from."""
        settings = tiny_settings(
            learning=LEARNING | learning, learning_rates=rates, first_seed=first_seed
        )
        seeds = jnp.arange(3) + settings.first_seed
        return Sweep(tiny_learner(settings), "in-turn"), seeds, build_hyperparameters(settings)

    def train(sweep: Sweep, seeds, numbers) -> TrainState:
        state = sweep.initialise(seeds, numbers)
        for _ in range(2):
            state, _ = sweep.update(state)
        trial = sweep.learner.trial
        evaluate_members(state.agent, trial, keys, tasks=TASKS, method="in-turn")
        return state

    before = train(*inputs(0, (1e-3, 1e-2, 3e-2)))
    others = inputs(
        70,
        (3e-4, 2e-3, 5e-2),
        entropy_weight=0.05,
        clip=0.3,
        discount=0.8,
        trace_decay=0.5,
        value_weight=0.25,
        maximum_gradient_norm=1.5,
        anneal_learning_rate=True,
    )
    with compilations() as found:
        after = train(*others)
    assert found == []
    assert not same(before.agent, after.agent)
    # The count is one that counts.
    with compilations() as found:
        jax.jit(lambda x: 3 * x + 1)(keys.size)
    assert len(found) == 1


def test_a_member_starts_from_its_seed_alone(learner):
    sweep, numbers = Sweep(learner, "in-turn"), build_hyperparameters(SETTINGS)
    zero, one, again = members(sweep.initialise(jnp.asarray([0, 1, 0]), numbers))
    rate = zero.hyperparameters.learning_rate
    assert same(zero, eqx.tree_at(lambda s: s.hyperparameters.learning_rate, again, rate))
    for part in (lambda s: s.agent.networks, lambda s: s.collector.trial, lambda s: s.key):
        assert not same(part(zero), part(one))
    # Its place in the sweep has no part in it.
    first, *_ = members(sweep.initialise(jnp.asarray([1, 5, 6]), numbers))
    assert same(first.agent, one.agent)
    assert same(first.collector, one.collector)


def test_over_members():
    a, b = jnp.arange(3.0), jnp.arange(6.0).reshape(3, 2)
    for method in METHODS:
        shifted, total = over_members(lambda x, y: (y + x, jnp.sum(y)), method)(a, b)
        assert np.asarray(shifted).tolist() == [[0, 1], [3, 4], [6, 7]]
        assert np.asarray(total).tolist() == [1, 5, 9]


def test_members_take_turns_on_a_processor():
    expected = "in-turn" if jax.default_backend() == "cpu" else "vectorised"
    assert fastest_member_method() == expected
