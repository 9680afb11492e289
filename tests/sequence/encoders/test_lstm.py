"""The LSTM against its formula, its derivative against automatic differentiation, and its start."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array
from support.parity import difference

from splagger.foundation.linear import Linear
from splagger.sequence.encoders.encoder import Encoder
from splagger.sequence.encoders.lstm import LSTM

TIME, ENVIRONMENTS, INPUTS, SIZE = 6, 3, 4, 5

pytestmark = pytest.mark.usefixtures("float64")


def random(*shape: int) -> Array:
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=shape), float)


def some_lstm() -> LSTM:
    return LSTM(
        size=SIZE,
        from_input=Linear(random(INPUTS, 4 * SIZE), random(4 * SIZE)),
        from_state=Linear(random(SIZE, 4 * SIZE), random(4 * SIZE + 1)[1:]),
    )


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def test_step_follows_the_formula():
    lstm, x = some_lstm(), random(ENVIRONMENTS, INPUTS)
    h, c = random(ENVIRONMENTS, SIZE), random(SIZE, ENVIRONMENTS).T
    (new_h, new_c), output = lstm.step((h, c), x)
    gates = np.asarray(x) @ lstm.from_input.weight + lstm.from_input.bias
    gates = gates + np.asarray(h) @ lstm.from_state.weight + lstm.from_state.bias
    i, f, g, o = np.split(gates, 4, axis=1)
    expected = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    np.testing.assert_allclose(new_c, expected, rtol=1e-12)
    np.testing.assert_allclose(new_h, sigmoid(o) * np.tanh(expected), rtol=1e-12)
    np.testing.assert_array_equal(output, new_h)


def test_gradient_equals_that_of_a_plain_scan():
    starts = np.zeros((TIME, ENVIRONMENTS), bool)
    starts[0, 0] = starts[2, 0] = starts[3, 0] = starts[-1, 1] = True
    state = random(ENVIRONMENTS, SIZE), random(SIZE, ENVIRONMENTS).T
    fresh = random(SIZE), random(SIZE + 1)[1:]
    xs = random(TIME, ENVIRONMENTS, INPUTS)

    def compute(unroll):
        def total(lstm, state, fresh, xs):
            (h, c), outputs = unroll(lstm, state, fresh, xs, jnp.asarray(starts))
            return jnp.sum(jnp.sin(outputs) * random(*outputs.shape)) + jnp.sum(h**2 + c**2)

        return jax.jit(jax.value_and_grad(total, argnums=(0, 1, 2, 3)))

    # The second differentiates automatically.
    functions = compute(LSTM.unroll), compute(Encoder.unroll)
    results = [function(some_lstm(), state, fresh, xs) for function in functions]
    own, automatic = (jax.tree.leaves(result) for result in results)
    assert max(map(difference, own, automatic)) <= 1e-9
    assert all(np.abs(leaf).max() > 1e-3 for leaf in automatic)


def test_invariant_initialisation_adds_up_whatever_the_order():
    lstm = eqx.filter_jit(LSTM.create)(jax.random.key(0), INPUTS, SIZE, invariant=True)
    xs = random(TIME, ENVIRONMENTS, INPUTS)
    g = np.tanh(np.asarray(xs) @ lstm.from_input.weight[:, 2 * SIZE : 3 * SIZE])
    orders = np.arange(TIME), np.random.default_rng(0).permutation(TIME)
    for order in orders:
        state = jax.tree.map(lambda leaf: jnp.tile(leaf, (ENVIRONMENTS, 1)), lstm.start())
        for x in xs[order]:
            state, _ = lstm.step(state, x)
        np.testing.assert_allclose(state[1], g.sum(axis=0), rtol=1e-6)


def test_usual_initialisation_is_orthogonal():
    lstm = eqx.filter_jit(LSTM.create)(jax.random.key(0), INPUTS, SIZE)
    for linear in (lstm.from_input, lstm.from_state):
        gram = linear.weight @ linear.weight.T
        np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-12)
        np.testing.assert_array_equal(linear.bias, np.zeros(4 * SIZE))
