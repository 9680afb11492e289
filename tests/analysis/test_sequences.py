import jax
import numpy as np

from splagger.analysis.sequences import draw_opposites, draw_sequence


def test_noise_is_uniform():
    xs = np.asarray(draw_sequence("noise", jax.random.key(0), 500, 4))
    assert xs.shape == (500, 4)
    np.testing.assert_allclose([xs.mean(), xs.std()], [0, 3**-0.5], atol=0.03)
    assert np.abs(xs).max() <= 1
    assert len(np.unique(xs)) > 1900


def test_a_signal_is_ones_and_then_zeros():
    xs = np.asarray(draw_sequence("signal", jax.random.key(0), 4, 3))
    np.testing.assert_array_equal(xs, [[1] * 3, [0] * 3, [0] * 3, [0] * 3])


def test_a_strong_signal_is_ones_at_a_hundredth_of_the_early_steps():
    xs = np.asarray(draw_sequence("strong-signal", jax.random.key(0), 20_000, 2))
    np.testing.assert_array_equal(xs[:, 0], xs[:, 1])
    assert set(np.unique(xs)) == {0, 1}
    assert 120 < xs[:16_000, 0].sum() < 200
    assert not xs[16_000:].any()


def test_opposites_differ_in_the_first_step_alone():
    first, second = map(np.asarray, draw_opposites(jax.random.key(0), 50, 3))
    np.testing.assert_array_equal(first[0], [1] * 3)
    np.testing.assert_array_equal(second[0], [-1] * 3)
    np.testing.assert_array_equal(first[1:], second[1:])
    assert set(np.unique(first[1:])) == {-1, 1}
    assert np.abs(first[1:].mean()) < 0.3
