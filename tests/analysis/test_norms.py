import jax.numpy as jnp
import numpy as np
import pytest

from splagger.analysis.norms import norm, tree_norm, unit


@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e-35, 1e30])
def test_no_square_leaves_the_range_of_numbers(scale: float):
    values = np.random.default_rng(0).normal(size=(3, 40)).astype(np.float32)
    expected = scale * np.linalg.norm(values.astype(float), axis=-1)
    x = jnp.asarray((scale * values.astype(float)).astype(np.float32))
    np.testing.assert_allclose(np.asarray(norm(x), float), expected, rtol=1e-6)
    tree = {"a": x[:, :10], "b": x[:, 10:].reshape(3, 5, 6)}
    np.testing.assert_allclose(np.asarray(tree_norm(tree), float), expected, rtol=1e-6)


def test_nothing_has_norm_zero():
    np.testing.assert_array_equal(norm(jnp.zeros((2, 3))), [0, 0])
    np.testing.assert_array_equal(unit(jnp.zeros((2, 3))), np.zeros((2, 3)))


def test_unit_keeps_the_direction():
    np.testing.assert_allclose(unit(jnp.asarray([3e-20, 4e-20])), [0.6, 0.8], rtol=1e-6)
