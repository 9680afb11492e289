import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference
from support.sequence_models import ENCODERS, ENVIRONMENTS, TIME, Kind, some_memory, tiny_model

from splagger.sequence.encoder import broadcast, select_start


def test_select_start_takes_fresh_values_where_a_trial_starts():
    start = jnp.asarray([True, False])
    state = {"a": jnp.asarray([[-jnp.inf, jnp.nan], [1.0, 2.0]]), "b": jnp.ones((2, 1))}
    fresh = {"a": jnp.asarray([5.0, 6.0]), "b": jnp.zeros(1)}
    chosen = select_start(start, fresh, state)
    np.testing.assert_array_equal(chosen["a"], [[5, 6], [1, 2]])
    np.testing.assert_array_equal(chosen["b"], [[0], [1]])
    batched = select_start(start, broadcast(fresh, (2,)), state)
    jax.tree.map(np.testing.assert_array_equal, batched, chosen)


def test_broadcast_repeats_every_leaf_and_keeps_empty_trees():
    assert broadcast((), (2, 3)) == ()
    repeated = broadcast((jnp.arange(4.0),), (2, 3))[0]
    np.testing.assert_array_equal(repeated, np.tile(np.arange(4.0), (2, 3, 1)))


def test_select_start_takes_arrays_of_any_shape():
    start = jnp.asarray([True, False])
    state, fresh = jnp.ones((2, 3, 4)), jnp.zeros((3, 4))
    chosen = select_start(start, fresh, state)
    np.testing.assert_array_equal(chosen, np.stack([fresh, state[1]]))


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
