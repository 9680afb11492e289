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


def gradient(seed: int):
    generator = np.random.default_rng(seed)
    return {"matrix": generator.normal(size=(3, 2)), "vector": (generator.normal(size=4),)}


def norm_of(tree) -> float:
    total = 0.0
    for leaf in jax.tree.leaves(tree):
        for number in np.asarray(leaf).reshape(-1):
            total += float(number) ** 2
    return total**0.5


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("factor", [0.1, 0.9, 1.1, 10.0])
def test_clip_by_norm(factor: float):
    tree = gradient(0)
    norm = norm_of(tree)
    maximum = factor * norm
    clipped, before = clip_by_norm(jax.tree.map(jnp.asarray, tree), jnp.asarray(maximum))
    assert abs(float(before) / norm - 1) < 1e-14
    scale = min(1.0, maximum / (norm + 1e-6))
    for ours, theirs in zip(jax.tree.leaves(clipped), jax.tree.leaves(tree), strict=True):
        assert difference(ours, scale * theirs) < 1e-14
    assert norm_of(clipped) < min(maximum, norm) * (1 + 1e-12)
    assert (scale == 1) == (factor > 1)


@pytest.mark.usefixtures("float64")
def test_no_gradient_stays_none():
    clipped, norm = clip_by_norm({"weight": jnp.zeros(3)}, jnp.asarray(0.5))
    assert (np.asarray(clipped["weight"]) == 0).all()
    assert float(norm) == 0


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(("which", "epsilon"), [("policy", 1e-2), ("sequence", 1e-8)])
def test_adam(which: str, epsilon: float):
    """Each part has its own epsilon, added to the root of the corrected second moment."""
    adam = getattr(Optimisers(policy_epsilon=1e-2, sequence_epsilon=1e-8), which)()
    state = adam.init(jnp.zeros(4))
    first = second = np.zeros(4)
    for step in range(1, 4):
        now = gradient(step)["vector"][0]
        first = 0.9 * first + 0.1 * now
        second = 0.999 * second + 0.001 * now**2
        expected = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + epsilon)
        direction, state = adam.update(jnp.asarray(now), state)
        assert difference(np.asarray(direction), expected) < 1e-12


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


def test_without_decoders_there_are_no_moments_for_them():
    plain = started(objective_settings("rnn")).agent.networks
    start = OPTIMISERS.initial_state(plain)
    moved, _ = OPTIMISERS.step_sequence(plain, drawn(plain, 1), start, RATE)
    assert moved.decoders is None
    assert not same(moved.sequence_model, plain.sequence_model)
