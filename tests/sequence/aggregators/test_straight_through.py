import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.sequence.aggregators.straight_through import divide, maximum

A, B = jnp.asarray([1.0, -2.0, 3.0]), jnp.asarray([0.5, 4.0, 3.0])


@pytest.mark.parametrize("straight_through", [False, True])
def test_values_are_the_plain_ones(straight_through: bool):
    np.testing.assert_array_equal(maximum(A, B, straight_through=straight_through), [1, 4, 3])
    np.testing.assert_array_equal(divide(A, B, straight_through=straight_through), A / B)


def test_maximum_passes_gradients_to_both_or_to_the_larger():
    def gradients(straight_through):
        weights = jnp.asarray([1.0, 10.0, 100.0])
        return jax.grad(
            lambda a, b: jnp.sum(weights * maximum(a, b, straight_through=straight_through)),
            argnums=(0, 1),
        )(A, B)

    np.testing.assert_array_equal(gradients(False), [[1, 0, 50], [0, 10, 50]])
    np.testing.assert_array_equal(gradients(True), [[1, 10, 100], [1, 10, 100]])


@pytest.mark.parametrize("divisor", [B, jnp.asarray([2.0])])
def test_division_passes_gradients_to_the_numerator_only(divisor: jax.Array):
    to_numerator, to_divisor = jax.grad(
        lambda a, b: jnp.sum(A * divide(a, b, straight_through=True)), argnums=(0, 1)
    )(A, divisor)
    np.testing.assert_array_equal(to_numerator, A)
    np.testing.assert_array_equal(to_divisor, jnp.zeros_like(divisor))


def test_forward_mode_agrees_with_reverse_mode():
    def function(x):
        return divide(maximum(x, B, straight_through=True), B, straight_through=True)

    np.testing.assert_array_equal(jax.jacfwd(function)(A), jax.jacrev(function)(A))
