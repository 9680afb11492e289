import jax
import jax.numpy as jnp
import numpy as np

from splagger.sequence.starts import broadcast, select_start


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
