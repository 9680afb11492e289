"""Plans fit the sizes that they are for."""

import itertools

import jax.numpy as jnp
import pytest

from splagger.sequence.encoders.gru_kernel.plan import (
    SIZES,
    backward_plan,
    forward_plan,
    has_plan,
)

BATCHES = list(itertools.product((1, 2, 15, 100), (1, 16, 48, 64, 128, 4096)))


@pytest.mark.parametrize("exact", [True, False])
def test_blocks_cover_a_state_and_a_group_fits_on_a_gpu(exact: bool):
    for size, (members, environments) in itertools.product(SIZES, BATCHES):
        for choose in (forward_plan, backward_plan):
            plan = choose(members, environments, exact=exact)
            assert size % plan.units == 0
            assert size // plan.units <= 16
            assert size % plan.chunk == 0
            assert plan.exact == exact


def test_batches_of_all_kinds_get_plans_of_their_own():
    plans = {forward_plan(*batch, exact=True) for batch in BATCHES}
    assert len(plans) == 3


def test_other_sizes_and_types_have_no_plan():
    assert has_plan(256, jnp.dtype("float32"))
    assert not has_plan(256, jnp.dtype("float64"))
    assert not has_plan(255, jnp.dtype("float32"))
    assert not has_plan(512, jnp.dtype("float32"))
