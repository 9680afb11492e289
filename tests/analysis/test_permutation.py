"""All prefixes in one batch, against one prefix after the other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.analysed_models import AGENTS, STEPS, agents_of, stepped_output, tiny_models

from splagger.analysis.permutation import (
    difference_on,
    permutation_difference,
    permuted_prefixes,
)
from splagger.analysis.sequences import draw_sequence


def test_prefixes_are_permuted_and_the_rest_is_not():
    orders = np.asarray(permuted_prefixes(jax.random.key(3), 40))
    for last, order in enumerate(orders):
        assert sorted(order[: last + 1]) == list(range(last + 1))
        assert list(order[last + 1 :]) == list(range(last + 1, 40))
    assert np.mean(orders[-1] == np.arange(40)) < 0.2


def test_every_order_is_equally_likely():
    draw = jax.jit(jax.vmap(lambda key: permuted_prefixes(key, 3)[2]))
    orders = np.asarray(draw(jax.random.split(jax.random.key(0), 6000)))
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 6
    # Four standard deviations of a binomial count.
    np.testing.assert_allclose(counts, 1000, atol=4 * np.sqrt(6000 / 6 * 5 / 6))


@pytest.mark.usefixtures("float64")
def test_equal_to_a_loop_over_prefixes():
    model = agents_of(tiny_models("splagger"))[0]
    xs = draw_sequence("noise", jax.random.key(0), STEPS, model.embedding.size)
    orders = permuted_prefixes(jax.random.key(1), STEPS)

    def unit_output(xs):
        output = stepped_output(model, xs)
        return output / np.linalg.norm(output)

    expected = [
        np.linalg.norm(unit_output(xs[: last + 1]) - unit_output(xs[orders[last, : last + 1]]))
        for last in range(STEPS)
    ]
    found = jax.jit(difference_on)(model, xs, orders)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert max(expected) > 0.01


@pytest.mark.parametrize(("name", "differs"), [("max", False), ("splagger", True)])
def test_no_difference_without_recurrence(name: str, differs: bool):
    keys = jax.random.split(jax.random.key(2), AGENTS)
    found = permutation_difference(tiny_models(name), keys, kind="noise", steps=STEPS, repeats=3)
    assert found.shape == (AGENTS, STEPS)
    np.testing.assert_allclose(found[:, 0], 0, atol=1e-6)
    assert bool(jnp.all(found[:, -1] > 1e-3)) == differs
    if not differs:
        np.testing.assert_allclose(found, 0, atol=1e-6)
