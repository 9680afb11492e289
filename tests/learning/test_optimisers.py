import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.objectives import drawn, objective_settings, started
from support.parity import difference
from support.tiny import same

from splagger.learning.optimisers import Optimisers, clip_by_norm

OPTIMISERS = Optimisers(policy_epsilon=1e-2, sequence_epsilon=1e-3)
RATE = jnp.asarray(0.1)
PARTS = ("actor_critic", "sequence_model", "decoders")


@pytest.fixture(scope="module")
def networks():
    return started(objective_settings("ti-naive")).agent.networks


def test_each_step_moves_its_parts_alone(networks):
    gradient, start = drawn(networks, 1), OPTIMISERS.initial_state(networks)
    for step, moves in (
        (OPTIMISERS.step_policy, ("actor_critic",)),
        (OPTIMISERS.step_sequence, ("sequence_model", "decoders")),
    ):
        moved, moments = step(networks, gradient, start, RATE)
        for part in PARTS:
            still = part not in moves
            assert same(getattr(moved, part), getattr(networks, part)) == still
            assert same(getattr(moments, part), getattr(start, part)) == still


def test_two_steps_are_adams(networks):
    gradients = [drawn(networks, seed) for seed in (1, 2)]
    moved, state = networks, OPTIMISERS.initial_state(networks)
    for gradient in gradients:
        moved, state = OPTIMISERS.step_policy(moved, gradient, state, RATE)
        moved, state = OPTIMISERS.step_sequence(moved, gradient, state, RATE)
    for part, epsilon in zip(PARTS, (1e-2, 1e-3, 1e-3), strict=True):
        pairs = (jax.tree.leaves(getattr(g, part)) for g in gradients)
        before, after = (jax.tree.leaves(getattr(n, part)) for n in (networks, moved))
        assert before
        for old, new, *both in zip(before, after, *pairs, strict=True):
            first = second = np.zeros(old.shape)
            expected = np.asarray(old, float)
            for count, gradient in enumerate(both, 1):
                one = np.asarray(gradient, float)
                first = 0.9 * first + 0.1 * one
                second = 0.999 * second + 0.001 * one**2
                root = np.sqrt(second / (1 - 0.999**count))
                expected = expected - 0.1 * first / (1 - 0.9**count) / (root + epsilon)
            assert difference(np.asarray(new), expected) < 1e-4


def test_long_gradients_are_scaled_down_and_short_ones_are_not():
    gradient = {"a": jnp.asarray([3.0, 0.0]), "b": jnp.asarray([[4.0]])}
    clipped, norm = clip_by_norm(gradient, jnp.asarray(0.5))
    assert float(norm) == 5
    assert difference(np.asarray(clipped["a"]), np.asarray([0.3, 0.0])) < 1e-6
    assert difference(np.asarray(clipped["b"]), np.asarray([[0.4]])) < 1e-6
    assert same(clip_by_norm(gradient, jnp.asarray(6.0))[0], gradient)


def test_without_decoders_there_are_no_moments_for_them():
    plain = started(objective_settings("rnn")).agent.networks
    start = OPTIMISERS.initial_state(plain)
    moved, _ = OPTIMISERS.step_sequence(plain, drawn(plain, 1), start, RATE)
    assert moved.decoders is None
    assert not same(moved.sequence_model, plain.sequence_model)
