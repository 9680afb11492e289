import jax
import jax.numpy as jnp
import numpy as np

from splagger.foundation.initialisers import normalised_columns
from splagger.policies.network import PlainNetwork


def test_layers_follow_the_formula():
    network = PlainNetwork.create(jax.random.key(0), 3, 2, (5, 4), 6, None)
    observation, condition = jnp.arange(6.0).reshape(2, 3), jnp.asarray([[1.0, -1.0], [2.0, 0.5]])
    x = np.concatenate([observation, condition], axis=-1)
    *hidden, head = network.layers
    for layer in hidden:
        x = np.tanh(x @ layer.weight + layer.bias)
    np.testing.assert_allclose(
        network(observation, condition), x @ head.weight + head.bias, rtol=1e-5
    )


def test_initial_norms_and_sizes():
    network = PlainNetwork.create(jax.random.key(0), 3, 2, (5, 4), 6, normalised_columns(1.0))
    assert [layer.weight.shape for layer in network.layers] == [(5, 5), (5, 4), (4, 6)]
    for layer, gain in zip(network.layers, (5 / 3, 5 / 3, 1), strict=True):
        np.testing.assert_allclose(np.linalg.norm(layer.weight, axis=0), gain, rtol=1e-5)
        np.testing.assert_array_equal(layer.bias, np.zeros_like(layer.bias))
