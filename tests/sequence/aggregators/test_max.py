import jax.numpy as jnp
import numpy as np
import pytest

from splagger.sequence.aggregators.max import Max


def test_start_at_zero_lets_no_negative_input_pass():
    aggregator = Max()
    element = aggregator.combine(
        aggregator.start(3), aggregator.lift(jnp.asarray([-2.0, 0.0, 2.0]))
    )
    np.testing.assert_array_equal(aggregator.read(element), [0, 0, 2])


def test_low_start_lets_every_input_pass():
    aggregator = Max("low")
    u = jnp.asarray([-2.0, 0.0, 2.0])
    np.testing.assert_array_equal(aggregator.combine(aggregator.start(3), aggregator.lift(u)), u)
    np.testing.assert_array_equal(aggregator.start(3), np.full(3, -999999.0))


@pytest.mark.parametrize("aggregator", [Max(), Max("low")])
def test_start_is_not_the_identity(aggregator: Max):
    low = aggregator.lift(jnp.full(2, -1e9))
    np.testing.assert_array_equal(aggregator.combine(aggregator.identity(2), low), low)
    np.testing.assert_array_equal(aggregator.combine(aggregator.start(2), low), aggregator.start(2))


def test_maximum_of_a_sequence_ignores_its_order():
    aggregator = Max()
    rows = jnp.asarray([[1.0, -5.0], [4.0, -1.0], [2.0, 3.0]])
    first = aggregator.start(2)
    for row in rows:
        first = aggregator.combine(first, aggregator.lift(row))
    second = aggregator.start(2)
    for row in rows[::-1]:
        second = aggregator.combine(second, aggregator.lift(row))
    np.testing.assert_array_equal(first, [4, 3])
    np.testing.assert_array_equal(second, first)
