import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.foundation.initialisers import (
    TANH_GAIN,
    Initialiser,
    kaiming,
    normalised_columns,
    orthogonal,
    uniform_fan_in,
    uniform_glorot,
)

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    ("initialise", "bound"),
    [
        (uniform_fan_in, 25**-0.5),
        (uniform_glorot, (6 / 425) ** 0.5),
        (kaiming(2.0), 2 * (3 / 25) ** 0.5),
    ],
)
def test_uniform_weights_fill_their_bounds_evenly(initialise: Initialiser, bound: float):
    weight = np.asarray(initialise(KEY, 25, 400))
    assert weight.shape == (25, 400)
    assert 0.999 * bound < weight.max() <= bound
    assert -bound <= weight.min() < -0.999 * bound
    np.testing.assert_allclose(weight.std(), bound / 3**0.5, rtol=0.02)
    assert abs(weight.mean()) < 0.02 * bound


def test_normalised_columns_have_the_norm_asked_for_in_any_direction():
    weight = np.asarray(normalised_columns(TANH_GAIN)(KEY, 40, 300))
    assert weight.shape == (40, 300)
    np.testing.assert_allclose(np.linalg.norm(weight, axis=0), 5 / 3, rtol=1e-5)
    np.testing.assert_allclose(weight.std(), 5 / 3 / 40**0.5, rtol=1e-2)
    assert abs(weight.mean()) < 0.01


@pytest.mark.parametrize("shape", [(6, 6), (4, 9), (9, 4)])
def test_orthogonal(shape: tuple[int, int]):
    weight = np.asarray(orthogonal(2.0)(KEY, *shape))
    assert weight.shape == shape
    smaller = weight if shape[0] <= shape[1] else weight.T
    np.testing.assert_allclose(smaller @ smaller.T, 4 * np.eye(min(shape)), atol=1e-5)


@pytest.mark.parametrize(
    "initialise",
    [uniform_fan_in, uniform_glorot, kaiming(1.0), normalised_columns(1.0), orthogonal(1.0)],
)
def test_weights_follow_the_key_and_the_default_precision(initialise: Initialiser):
    first, again = initialise(KEY, 3, 3), initialise(KEY, 3, 3)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, initialise(jax.random.key(1), 3, 3))
    assert first.dtype == jnp.float32
    with jax.enable_x64(True):
        assert initialise(KEY, 3, 3).dtype == jnp.float64
