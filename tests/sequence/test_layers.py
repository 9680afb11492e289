import jax
import jax.numpy as jnp
import numpy as np

from splagger.sequence.layers import Layers

X = jnp.linspace(-1.0, 1.0, 6).reshape(2, 3)


def test_rectifiers_stand_between_layers_and_on_demand_after_them():
    layers = Layers.create(jax.random.key(0), 3, (5, 4))
    first, second = layers.layers
    expected = np.maximum(X @ first.weight + first.bias, 0) @ second.weight + second.bias
    np.testing.assert_allclose(layers(X), expected, rtol=1e-5)
    np.testing.assert_allclose(layers.rectified(X), np.maximum(expected, 0), rtol=1e-5)
    assert np.min(layers(X)) < 0
    assert layers.size(3) == 4


def test_no_layers_change_nothing():
    layers = Layers.create(jax.random.key(0), 3, ())
    np.testing.assert_array_equal(layers(X), X)
    np.testing.assert_array_equal(layers.rectified(X), X)
    assert layers.size(3) == 3
