"""Members in groups: the same numbers as all at once, and what a program holds at a time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.learning.member_groups import group_size, vectorised_in_groups


@pytest.mark.parametrize(
    ("members", "at_once", "size"),
    [(15, 15, 15), (15, 100, 15), (15, 5, 5), (15, 4, 4), (15, 14, 8), (100, 30, 25), (7, 1, 1)],
)
def test_groups_are_few_and_nearly_equal(members: int, at_once: int, size: int):
    assert group_size(members, at_once) == size


@pytest.mark.parametrize("at_once", [None, 1, 2, 3, 5, 9])
def test_every_member_has_its_own_results(at_once: int | None):
    keys = jax.random.split(jax.random.key(0), 5)
    numbers = jnp.arange(5.0)

    def one(key, parts):
        number, nothing = parts
        assert nothing is None
        return {"draw": number + jax.random.uniform(key, (3,)), "key": key}, number > 2

    results, large = vectorised_in_groups(one, at_once)(keys, (numbers, None))
    for member in range(5):
        expected, _ = one(keys[member], (numbers[member], None))
        np.testing.assert_allclose(results["draw"][member], expected["draw"], rtol=1e-6)
    assert np.array_equal(jax.random.key_data(results["key"]), jax.random.key_data(keys))
    assert large.tolist() == [False, False, False, True, True]


def test_memory_is_that_of_a_group():
    def one(weight):
        # A thousand numbers a member, all needed at once.
        states = jnp.cumsum(jnp.sin(weight * jnp.arange(1000.0)))
        return jnp.sum(jnp.sort(states) * states[::-1])

    def bytes_held(members: int, at_once: int | None) -> int:
        program = jax.jit(vectorised_in_groups(one, at_once)).lower(jnp.ones(members))
        sizes = program.compile().memory_analysis()
        assert sizes is not None
        return sizes.temp_size_in_bytes

    assert bytes_held(64, None) > 4 * bytes_held(8, None)
    assert bytes_held(64, 8) < 1.5 * bytes_held(8, None)
