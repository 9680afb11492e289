"""Every aggregator is a commutative monoid."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays
from support.sequence_models import AGGREGATORS

SIZE = 3

ROWS = arrays(np.float32, (3, SIZE), elements=some.floats(-100, 100, width=32))
"""Three inputs."""

every_aggregator = pytest.mark.parametrize("name", AGGREGATORS)


def assert_equal(one, other):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), one, other)


@every_aggregator
@given(inputs=ROWS)
@settings(max_examples=30)
def test_combine_is_associative_and_commutative(name: str, inputs: np.ndarray):
    aggregator = AGGREGATORS[name]
    a, b, c = (aggregator.lift(jnp.asarray(row)) for row in inputs)
    combine = aggregator.combine
    assert_equal(combine(combine(a, b), c), combine(a, combine(b, c)))
    assert_equal(combine(a, b), combine(b, a))


@every_aggregator
@given(inputs=ROWS)
@settings(max_examples=30)
def test_identity_changes_nothing(name: str, inputs: np.ndarray):
    aggregator = AGGREGATORS[name]
    identity = aggregator.identity(SIZE)
    for element in (aggregator.lift(jnp.asarray(inputs[0])), aggregator.start(SIZE), identity):
        assert_equal(aggregator.combine(identity, element), element)
        assert_equal(aggregator.combine(element, identity), element)


@every_aggregator
def test_elements_keep_their_shape_and_width(name: str):
    aggregator = AGGREGATORS[name]
    u = jnp.linspace(-1.0, 1.0, 2 * SIZE).reshape(2, SIZE)
    lifted = aggregator.lift(u)
    combined = aggregator.combine(aggregator.start(SIZE), lifted)
    shapes = [leaf.shape for leaf in jax.tree.leaves(lifted)]
    assert [leaf.shape for leaf in jax.tree.leaves(combined)] == shapes
    assert aggregator.read(combined).shape == (2, aggregator.output_size(SIZE))
