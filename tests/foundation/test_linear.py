import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.foundation.initialisers import normalised_columns
from splagger.foundation.linear import Linear


@pytest.mark.parametrize("batch", [(), (2,), (2, 5)])
def test_affine_map_of_the_last_dimension(batch: tuple[int, ...]):
    linear = Linear(jnp.arange(6.0).reshape(3, 2), jnp.asarray([10.0, 20.0]))
    x = jnp.ones((*batch, 3))
    np.testing.assert_allclose(linear(x), np.broadcast_to([16.0, 29.0], (*batch, 2)))


def test_default_weight_and_bias_are_uniform_on_one_over_the_root_of_inputs():
    linear = Linear.create(jax.random.key(0), 16, 5000)
    for values in (linear.weight, linear.bias):
        assert 0.2499 < np.abs(values).max() <= 0.25
        np.testing.assert_allclose(np.std(values), 0.25 / 3**0.5, rtol=0.02)
    assert abs(np.corrcoef(np.asarray(linear.weight[0]), np.asarray(linear.bias)).min()) < 0.1


def test_initialiser_draws_the_weight_and_leaves_the_bias_zero():
    linear = Linear.create(jax.random.key(0), 4, 3, normalised_columns(2.0))
    np.testing.assert_allclose(np.linalg.norm(linear.weight, axis=0), 2, rtol=1e-6)
    np.testing.assert_array_equal(linear.bias, np.zeros(3))
