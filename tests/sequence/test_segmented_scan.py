import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference
from support.sequence_models import AGGREGATORS, ENVIRONMENTS, TIME, starts_at, tiny_aggregator

from splagger.sequence.aggregators.aggregator import Aggregator
from splagger.sequence.aggregators.max import Max
from splagger.sequence.segmented_scan import ScanMethod, fastest_method, segmented_scan

SIZE = 4
PATTERNS = {
    "none": (),
    "first": ((0, 0), (0, 1), (0, 2)),
    "last": ((TIME - 1, 0),),
    "in a row": ((2, 0), (3, 0), (4, 0), (5, 1)),
}

pytestmark = pytest.mark.usefixtures("float64")


def random(*shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=shape), float)


@jax.jit
def scanned(aggregator: Aggregator, carried, fresh, u, starts):
    """The outputs by both methods."""
    outputs = {}
    for method in ("sequential", "parallel"):
        aggregates = segmented_scan(
            aggregator.combine, carried, fresh, aggregator.lift(u), starts, method
        )
        outputs[method] = aggregator.read(aggregates)
    return outputs


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("name", AGGREGATORS)
def test_both_methods_equal_a_plain_loop(name: str, pattern: str):
    aggregator, size = tiny_aggregator(name)
    u, starts = random(TIME, ENVIRONMENTS, size), starts_at(*PATTERNS[pattern])
    # Below the start element in some places, as a carried aggregate may be for other starts.
    carried = aggregator.lift(3 * random(ENVIRONMENTS, size))
    fresh = aggregator.start(size)
    outputs = scanned(aggregator, carried, fresh, u, starts)
    for environment in range(ENVIRONMENTS):
        aggregate = jax.tree.map(lambda leaf, n=environment: leaf[n], carried)
        for time in range(TIME):
            if starts[time, environment]:
                aggregate = fresh
            aggregate = aggregator.combine(aggregate, aggregator.lift(u[time, environment]))
            expected = aggregator.read(aggregate)
            for method, output in outputs.items():
                assert difference(output[time, environment], expected) <= 1e-9, (method, time)


@pytest.mark.parametrize("method", ["sequential", "parallel"])
def test_carried_aggregate_is_not_mixed_with_the_start_element(method: ScanMethod):
    aggregator = Max()
    low = jnp.full((ENVIRONMENTS, SIZE), -5.0)
    u = jnp.full((TIME, ENVIRONMENTS, SIZE), -1.0)
    start = aggregator.start(SIZE)
    aggregates = segmented_scan(aggregator.combine, low, start, u, starts_at((3, 0)), method)
    np.testing.assert_array_equal(aggregates[:3], u[:3])
    np.testing.assert_array_equal(aggregates[3:, 0], np.zeros((TIME - 3, SIZE)))
    np.testing.assert_array_equal(aggregates[3:, 1:], u[3:, 1:])


@pytest.mark.parametrize("method", ["sequential", "parallel"])
def test_learned_start_element_gets_its_gradient_at_every_start(method: ScanMethod):
    carried, u = jnp.full((ENVIRONMENTS, SIZE), 9.0), jnp.zeros((TIME, ENVIRONMENTS, SIZE))

    def total(fresh):
        starts = starts_at((0, 0), (4, 0), (TIME - 1, 2))
        return jnp.sum(segmented_scan(Max().combine, carried, fresh, u, starts, method))

    gradient = jax.jit(jax.grad(total))(jnp.full(SIZE, 2.0))
    np.testing.assert_array_equal(gradient, np.full(SIZE, TIME + 1.0))


def test_a_cpu_scans_step_by_step():
    assert fastest_method() == "sequential"
