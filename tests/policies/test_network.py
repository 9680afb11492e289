import jax
import jax.numpy as jnp
import numpy as np

from splagger.foundation.linear import Linear
from splagger.policies.network import PlainNetwork


def test_layers_follow_the_formula():
    keys = jax.random.split(jax.random.key(0), 3)
    sizes = (5, 5, 4, 6)
    network = PlainNetwork(
        tuple(Linear.create(*all_) for all_ in zip(keys, sizes[:-1], sizes[1:], strict=True))
    )
    observation, condition = jnp.arange(6.0).reshape(2, 3), jnp.asarray([[1.0, -1.0], [2.0, 0.5]])
    x = np.concatenate([observation, condition], axis=-1)
    *hidden, head = network.layers
    for layer in hidden:
        x = np.tanh(x @ layer.weight + layer.bias)
    np.testing.assert_allclose(
        network(observation, condition), x @ head.weight + head.bias, rtol=1e-5
    )
