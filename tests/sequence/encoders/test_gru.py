"""The GRU's own derivative, against automatic differentiation and finite differences."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from jaxtyping import Array
from support.parity import difference

from splagger.foundation.linear import Linear
from splagger.sequence.encoders.encoder import Encoder
from splagger.sequence.encoders.gru import GRU, fastest_recurrence

TIME, ENVIRONMENTS, INPUTS, SIZE = 6, 3, 4, 5

pytestmark = pytest.mark.usefixtures("float64")


def random(*shape: int) -> Array:
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=shape), float)


def some_gru() -> GRU:
    return GRU(
        size=SIZE,
        from_input=Linear(random(INPUTS, 3 * SIZE), random(3 * SIZE)),
        from_state=Linear(random(SIZE, 3 * SIZE), random(3 * SIZE + 1)[1:]),
    )


def arguments() -> tuple[Array, Array, Array]:
    """Carried state, start state, inputs."""
    return random(ENVIRONMENTS, SIZE), random(SIZE), random(TIME, ENVIRONMENTS, INPUTS)


STARTS = np.zeros((TIME, ENVIRONMENTS), bool)
STARTS[0, 0] = STARTS[2, 0] = STARTS[3, 0] = STARTS[-1, 1] = True


def total(unroll, gru: GRU, state: Array, fresh: Array, xs: Array) -> Array:
    """A number that depends on every output and on the last state, each in its own way."""
    last, outputs = unroll(gru, state, fresh, xs, jnp.asarray(STARTS))
    return jnp.sum(jnp.sin(outputs) * random(*outputs.shape)) + jnp.sum(last**2)


def test_gradient_equals_that_of_a_plain_scan():
    without_kernel = dataclasses.replace(some_gru(), recurrence="kernel")  # none for its size
    results = [
        jax.jit(jax.value_and_grad(lambda *a, u=unroll: total(u, *a), argnums=(0, 1, 2, 3)))(
            gru, *arguments()
        )
        for gru, unroll in (
            (some_gru(), GRU.unroll),
            (without_kernel, GRU.unroll),
            (some_gru(), Encoder.unroll),  # differentiates automatically
        )
    ]
    own, unrolled, automatic = (jax.tree.leaves(result) for result in results)
    assert max(map(difference, own, automatic)) <= 1e-9
    assert max(map(difference, unrolled, automatic)) <= 1e-9
    assert all(np.abs(leaf).max() > 1e-3 for leaf in automatic)


def test_gradient_equals_finite_differences():
    @jax.jit
    def compute(gru, state, fresh, xs):
        return total(GRU.unroll, gru, state, fresh, xs)

    check_grads(
        compute, (some_gru(), *arguments()), order=1, modes=["rev"], eps=1e-5, rtol=1e-6, atol=1e-6
    )


def test_gradient_for_several_members_at_once():
    members = [some_gru(), jax.tree.map(lambda leaf: 0.5 * leaf, some_gru())]

    def gradient(gru):
        return jax.grad(lambda gru: total(GRU.unroll, gru, *arguments()))(gru)

    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *members)
    together = jax.jit(jax.vmap(gradient))(stacked)
    gradient = jax.jit(gradient)
    for number, member in enumerate(members):
        alone = jax.tree.leaves(gradient(member))
        mine = [leaf[number] for leaf in jax.tree.leaves(together)]
        assert max(map(difference, mine, alone)) <= 1e-9


def test_a_plain_scan_is_chosen_on_a_cpu():
    assert fastest_recurrence() == "scan"


def test_step_follows_the_formula():
    gru, h, x = some_gru(), random(ENVIRONMENTS, SIZE), random(ENVIRONMENTS, INPUTS)
    new, output = gru.step(h, x)

    def sigmoid(values):
        return 1 / (1 + np.exp(-values))

    W, U = (
        np.split(np.asarray(part.weight), 3, axis=1) for part in (gru.from_input, gru.from_state)
    )
    b, c = (np.split(np.asarray(part.bias), 3) for part in (gru.from_input, gru.from_state))
    r = sigmoid(x @ W[0] + b[0] + h @ U[0] + c[0])
    z = sigmoid(x @ W[1] + b[1] + h @ U[1] + c[1])
    n = np.tanh(x @ W[2] + b[2] + r * (h @ U[2] + c[2]))
    np.testing.assert_allclose(new, (1 - z) * n + z * h, rtol=1e-12)
    np.testing.assert_array_equal(new, output)


@pytest.mark.parametrize("inputs", [4, 40])
def test_both_stacked_matrices_start_orthogonal_and_biases_at_zero(inputs: int):
    gru = eqx.filter_jit(GRU.create)(jax.random.key(0), inputs, SIZE)
    for linear in (gru.from_input, gru.from_state):
        rows, columns = linear.weight.shape
        smaller = linear.weight if rows <= columns else linear.weight.T
        np.testing.assert_allclose(smaller @ smaller.T, np.eye(min(rows, columns)), atol=1e-12)
        np.testing.assert_array_equal(linear.bias, np.zeros(3 * SIZE))
    assert gru.from_input.weight.shape == (inputs, 3 * SIZE)
    np.testing.assert_array_equal(gru.start(), np.zeros(SIZE))
