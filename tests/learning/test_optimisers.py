import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference

from splagger.learning.optimisers import Optimisers, clip_by_norm

pytestmark = pytest.mark.usefixtures("float64")


def gradient(seed: int):
    generator = np.random.default_rng(seed)
    return {"matrix": generator.normal(size=(3, 2)), "vector": (generator.normal(size=4),)}


def norm_of(tree) -> float:
    total = 0.0
    for leaf in jax.tree.leaves(tree):
        for number in np.asarray(leaf).reshape(-1):
            total += float(number) ** 2
    return total**0.5


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


def test_no_gradient_stays_none():
    clipped, norm = clip_by_norm({"weight": jnp.zeros(3)}, jnp.asarray(0.5))
    assert (np.asarray(clipped["weight"]) == 0).all()
    assert float(norm) == 0


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
