"""Running aggregates of a rollout, forward and backward: one step after the other, and parallel."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
from case import Case
from measuring import Work, in_turn
from rows import Row

from splagger.sequence.segmented_scan import ScanMethod, fastest_method, segmented_scan
from splagger.sequence.starts import broadcast


def measure(case: Case) -> Iterator[Row]:
    """One row: the agent's aggregator with the device's scan, beside the other scan."""
    learning, models = case.settings.learning, case.state.agent.networks.sequence_model
    if models.aggregator is None:
        return
    shape = (case.members, learning.steps, learning.environments)
    u = jax.random.normal(jax.random.key(0), (*shape, models.aggregated))
    starts = jnp.zeros(shape, bool)

    def scan(method: ScanMethod):
        def one(aggregator, u, starts):
            fresh = aggregator.start(u.shape[-1])

            def total(u):
                aggregates = segmented_scan(
                    aggregator.combine,
                    broadcast(fresh, u.shape[1:-1]),
                    fresh,
                    aggregator.lift(u),
                    starts,
                    method,
                )
                return jnp.mean(jnp.sin(aggregator.read(aggregates)))

            return jax.grad(total)(u)

        compiled = case.compiled(one)
        return lambda: compiled(models.aggregator, u, starts)

    fastest = fastest_method()
    other: ScanMethod = "parallel" if fastest == "sequential" else "sequential"
    measured = in_turn({"aggregation": scan(fastest), other: scan(other)}, case.repeats)
    name = type(models.aggregator).__name__
    yield case.row(
        measured,
        "aggregation",
        f"{case.sizes}, {name} of {models.aggregated}, {fastest}, forward and backward",
        [Work(0, 3 * 4 * 2 * u.size / case.members)],
        peer=other,
    )
