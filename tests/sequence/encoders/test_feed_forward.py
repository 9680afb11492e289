import jax
import jax.numpy as jnp
import numpy as np

from splagger.sequence.encoders.feed_forward import FeedForward


def test_output_is_tanh_of_a_linear_map_of_one_transition():
    encoder = FeedForward.create(jax.random.key(0), 3, 5)
    x = jnp.arange(6.0).reshape(2, 3)
    state, output = encoder.step(encoder.start(), x)
    assert state == ()
    assert encoder.size == 5
    expected = np.tanh(x @ encoder.layer.weight + encoder.layer.bias)
    np.testing.assert_allclose(output, expected, rtol=1e-6)


def test_starts_and_order_change_nothing():
    encoder = FeedForward.create(jax.random.key(0), 3, 5)
    xs = jnp.arange(24.0).reshape(4, 2, 3) / 10
    _, outputs = encoder.unroll((), (), xs, jnp.zeros((4, 2), bool))
    _, backwards = encoder.unroll((), (), xs[::-1], jnp.ones((4, 2), bool))
    np.testing.assert_allclose(outputs, backwards[::-1], rtol=1e-6)
