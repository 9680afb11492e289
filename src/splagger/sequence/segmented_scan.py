"""Running combinations of a sequence that restart at trial starts."""

from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PyTree

from splagger.sequence.starts import select_start

Element = PyTree[Float[Array, "..."]]
"""What is combined: arrays `[*batch, feature]`."""

ScanMethod = Literal["sequential", "parallel"]
"""`sequential`: one step after the other, the least work. `parallel`: O(log time) rounds over the
whole sequence (Blelloch 1990)."""


def fastest_method() -> ScanMethod:
    """Sequential on a CPU, where rounds over the whole sequence cost memory traffic; parallel on
    accelerators, where every sequential step costs the start of a kernel."""
    return "sequential" if jax.default_backend() == "cpu" else "parallel"


def segmented_scan(
    combine: Callable[[Element, Element], Element],
    carried: Element,
    fresh: Element,
    elements: Element,
    starts: Bool[Array, "time environment"],
    method: ScanMethod,
) -> Element:
    """Combines every prefix of a sequence.

    **Arguments:**

    - `combine`: an associative function of an earlier and a later element, which need not commute.
    - `carried`: the aggregate before the sequence, `[environment, feature]`.
    - `fresh`: the start element, `[feature]`.
    - `elements`: lifted inputs, `[time, environment, feature]`.
    - `starts`: where set, the aggregate is `fresh` before that element.
    - `method`: how to scan; both give the same up to rounding.

    **Returns:** the aggregates after every element, `[time, environment, feature]`.
    """
    if method == "sequential":

        def step(aggregate, inputs):
            element, start = inputs
            aggregate = combine(select_start(start, fresh, aggregate), element)
            return aggregate, aggregate

        return jax.lax.scan(step, carried, (elements, starts))[1]

    # A segment's first element takes the start element in; within segments, plain combination.
    before = jax.tree.map(
        lambda carry, new: jnp.concatenate(
            [carry[None], jnp.broadcast_to(new, (starts.shape[0] - 1, *carry.shape))]
        ),
        carried,
        fresh,
    )
    first = starts.at[0].set(True)
    before = select_start(starts, fresh, before)
    elements = select_start(first, combine(before, elements), elements)

    def within_segments(left, right):
        left_first, left_element = left
        right_first, right_element = right
        combined = combine(left_element, right_element)
        return left_first | right_first, select_start(right_first, right_element, combined)

    return jax.lax.associative_scan(within_segments, (first, elements))[1]
