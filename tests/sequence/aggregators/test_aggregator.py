"""Every aggregator is a commutative monoid, and none cares about order."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays
from support.sequence_models import AGGREGATORS, tiny_aggregator

from splagger.sequence.aggregators.aggregator import Aggregator

WIDTH = 16

ROWS = arrays(np.float32, (3, WIDTH), elements=some.floats(-100, 100, width=32))
"""Three inputs."""

every_aggregator = pytest.mark.parametrize("name", AGGREGATORS)


@functools.cache
def aggregator_and_size(name: str) -> tuple[Aggregator, int]:
    return tiny_aggregator(name)


def assert_equal(one, other):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), one, other)


@every_aggregator
@given(inputs=ROWS)
@settings(max_examples=20)
def test_combine_is_associative_and_commutative(name: str, inputs: np.ndarray):
    aggregator, size = aggregator_and_size(name)
    a, b, c = (aggregator.lift(jnp.asarray(row[:size])) for row in inputs)
    combine = aggregator.combine
    assert_equal(combine(combine(a, b), c), combine(a, combine(b, c)))
    assert_equal(combine(a, b), combine(b, a))


@every_aggregator
@given(inputs=ROWS)
@settings(max_examples=20)
def test_identity_changes_nothing(name: str, inputs: np.ndarray):
    aggregator, size = aggregator_and_size(name)
    identity = aggregator.identity(size)
    elements = (aggregator.lift(jnp.asarray(inputs[0, :size])), aggregator.start(size), identity)
    for element in elements:
        assert_equal(aggregator.combine(identity, element), element)
        assert_equal(aggregator.combine(element, identity), element)


@every_aggregator
def test_elements_keep_their_shape_and_width(name: str):
    aggregator, size = aggregator_and_size(name)
    u = jnp.linspace(-1.0, 1.0, 2 * size).reshape(2, size)
    lifted = aggregator.lift(u)
    combined = aggregator.combine(aggregator.start(size), lifted)
    shapes = [leaf.shape for leaf in jax.tree.leaves(lifted)]
    assert [leaf.shape for leaf in jax.tree.leaves(combined)] == shapes
    assert aggregator.read(combined).shape == (2, aggregator.output_size(size))


@every_aggregator
def test_order_makes_no_difference(name: str):
    aggregator, size = aggregator_and_size(name)
    random = np.random.default_rng(0)
    u = jnp.asarray(random.normal(size=(6, size)))

    def aggregate(rows):
        element = aggregator.start(size)
        for row in rows:
            element = aggregator.combine(element, aggregator.lift(row))
        return aggregator.read(element)

    outputs = [aggregate(u[order]) for order in (np.arange(6), random.permutation(6))]
    assert_equal(*outputs)
    assert np.ptp(outputs[0]) > 0


@every_aggregator
def test_nothing_is_undefined_at_the_start(name: str):
    aggregator, size = aggregator_and_size(name)
    for row in (jnp.zeros(size), jnp.full(size, -1.0), jnp.ones(size)):
        element = aggregator.combine(aggregator.start(size), aggregator.lift(row))
        assert np.isfinite(aggregator.read(element)).all()
