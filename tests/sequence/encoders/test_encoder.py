import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference
from support.sequence_models import ENCODERS, ENVIRONMENTS, TIME, Kind, some_memory, tiny_model

from splagger.sequence.starts import select_start


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ENCODERS)
def test_unroll_equals_steps_from_fresh_states_at_starts(name: str):
    """In eager mode, as a check of shapes sees every step."""
    model = tiny_model(Kind(name))
    encoder, state = model.encoder, some_memory(model).encoder
    fresh = encoder.start()
    random = np.random.default_rng(0)
    xs = jnp.asarray(random.normal(size=(TIME, ENVIRONMENTS, model.embedding.size)), float)
    starts = random.random((TIME, ENVIRONMENTS)) < 0.3
    unroll = eqx.filter_jit(type(encoder).unroll)
    last, outputs = unroll(encoder, state, fresh, xs, jnp.asarray(starts))
    assert outputs.shape == (TIME, ENVIRONMENTS, encoder.size)
    for x, start, output in zip(xs, starts, outputs, strict=True):
        state, expected = encoder.step(select_start(jnp.asarray(start), fresh, state), x)
        assert difference(output, expected) <= 1e-9
    assert all(map(np.allclose, jax.tree.leaves(last), jax.tree.leaves(state)))
