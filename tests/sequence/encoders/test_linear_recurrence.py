"""The linear recurrence against its formula, and both scans against stepping."""

import typing

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.encoder_runs import ENVIRONMENTS, INPUTS, SOME, TIME, random, run, starts_at
from support.parity import difference

from splagger.foundation.linear import Linear
from splagger.sequence.encoders.linear_recurrence import LinearRecurrence
from splagger.sequence.segmented_scan import ScanMethod

SIZE = 5
METHODS: tuple[ScanMethod, ...] = typing.get_args(ScanMethod)

pytestmark = pytest.mark.usefixtures("float64")


def tiny(scan: ScanMethod) -> LinearRecurrence:
    return LinearRecurrence(SIZE, Linear(random(INPUTS, 2 * SIZE), random(2 * SIZE)), scan)


@pytest.mark.parametrize("scan", METHODS)
def test_unroll_equals_stepping_in_values_and_gradients(scan: ScanMethod):
    encoder, state = tiny(scan), random(ENVIRONMENTS, SIZE)
    arguments = state, random(TIME, ENVIRONMENTS, INPUTS), starts_at(*SOME)
    stepped, unrolled = (
        jax.tree.leaves(run(way, encoder, *arguments)) for way in ("step", "unroll")
    )
    assert max(map(difference, unrolled, stepped)) <= 1e-9
    assert all(np.abs(leaf).max() > 1e-3 for leaf in stepped)


@pytest.mark.parametrize("scan", METHODS)
def test_nothing_infinite_or_undefined_passes_a_trial_start(scan: ScanMethod):
    encoder, xs = tiny(scan), random(TIME, ENVIRONMENTS, INPUTS)
    starts = starts_at(*((0, number) for number in range(ENVIRONMENTS)))
    state = random(ENVIRONMENTS, SIZE)
    *expected, (to_encoder, _, to_xs) = run("unroll", encoder, state, xs, starts)
    for bad in (jnp.nan, jnp.inf):
        poisoned = jnp.full_like(state, bad)
        *actual, (gradient, to_poison, to_inputs) = run("unroll", encoder, poisoned, xs, starts)
        jax.tree.map(
            np.testing.assert_array_equal,
            (*actual, gradient, to_inputs),
            (*expected, to_encoder, to_xs),
        )
        np.testing.assert_array_equal(to_poison, np.zeros_like(state))

    later = starts_at(*((3, number) for number in range(ENVIRONMENTS)))
    _, expected_outputs, _ = run("unroll", encoder, state, xs, later)
    _, outputs, _ = run("unroll", encoder, poisoned, xs, later)
    assert not np.isfinite(outputs[:3]).any()
    np.testing.assert_array_equal(outputs[3:], expected_outputs[3:])


def test_step_follows_the_formula():
    encoder, h, x = tiny("sequential"), random(ENVIRONMENTS, SIZE), random(ENVIRONMENTS, INPUTS)
    new, output = encoder.step(h, x)
    gate, candidate = np.split(x @ encoder.from_input.weight + encoder.from_input.bias, 2, axis=1)
    z = 1 / (1 + np.exp(-gate))
    np.testing.assert_allclose(new, (1 - z) * h + z * np.tanh(candidate), rtol=1e-12)
    np.testing.assert_array_equal(new, output)


def test_states_stay_within_one():
    """However large inputs are, so that a maximum from 0 sees the scale of a GRU."""
    encoder, xs = tiny("parallel"), 100 * random(TIME, ENVIRONMENTS, INPUTS)
    state, outputs, _ = run("unroll", encoder, jnp.zeros((ENVIRONMENTS, SIZE)), xs, starts_at())
    assert 0.9 < np.abs(outputs).max() <= 1
    np.testing.assert_array_equal(outputs[-1], state)


def test_the_stacked_matrix_starts_orthogonal_and_gates_at_their_bias():
    encoder = eqx.filter_jit(LinearRecurrence.create)(
        jax.random.key(0), 4, SIZE, gate_bias=-2.0, scan="sequential"
    )
    weight, bias = encoder.from_input.weight, encoder.from_input.bias
    np.testing.assert_allclose(weight @ weight.T, np.eye(4), atol=1e-12)
    np.testing.assert_array_equal(bias, [-2.0] * SIZE + [0.0] * SIZE)
    np.testing.assert_array_equal(encoder.start(), np.zeros(SIZE))
