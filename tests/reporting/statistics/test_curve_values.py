import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from splagger.foundation.errors import UserError
from splagger.reporting.statistics.curve_values import (
    area_under_curve,
    final_mean,
    frames_to,
    smooth,
    thin,
    training_mean,
)

CURVES = arrays(float, st.integers(1, 60), elements=st.floats(-10, 10))


def test_training_mean_is_of_every_evaluation():
    returns = np.array([[0.0, 1.0, 5.0], [2.0, 2.0, 2.0]])
    np.testing.assert_array_equal(training_mean(returns), [2.0, 2.0])
    assert training_mean(returns[0]) == 2.0


def test_area_by_hand():
    frames = np.array([0, 10, 40])
    # 10 frames at 1 in the mean, 30 at 4: 130 / 40.
    assert area_under_curve(frames, np.array([0.0, 2.0, 6.0])) == pytest.approx(3.25)
    both = area_under_curve(frames, np.array([[0.0, 2.0, 6.0], [3.0, 3.0, 3.0]]))
    np.testing.assert_allclose(both, [3.25, 3.0])
    # Frames count from the first evaluation.
    later = area_under_curve(frames + 1000, np.array([0.0, 2.0, 6.0]))
    assert later == pytest.approx(3.25)
    assert area_under_curve(np.array([7]), np.array([4.0])) == 4.0


@given(CURVES)
def test_areas_lie_within_the_curve(returns: np.ndarray):
    frames = np.cumsum(1 + np.arange(len(returns)))
    area = area_under_curve(frames, returns)
    assert returns.min() - 1e-9 <= area <= returns.max() + 1e-9


@pytest.mark.parametrize(
    ("count", "share", "expected"), [(20, 0.1, 2), (29, 0.1, 2), (5, 0.1, 1), (100, 0.29, 29)]
)
def test_final_mean_is_of_the_last_ones(count: int, share: float, expected: int):
    returns = np.random.default_rng(0).normal(size=(3, count))
    np.testing.assert_allclose(final_mean(returns, share), returns[:, -expected:].mean(axis=1))


def test_final_mean_of_all_and_of_a_tenth():
    returns = np.arange(10.0)
    assert final_mean(returns) == 9.0
    assert final_mean(returns, 1.0) == 4.5


def test_smoothing_by_hand():
    # Of up to 29 evaluations, the mean of two; the first stays.
    np.testing.assert_array_equal(smooth(np.array([4.0, 0.0, 2.0])), [4.0, 2.0, 1.0])
    # Of 30, the mean of three; before the first there is the first.
    returns = np.zeros(30)
    returns[[0, 10]] = 3.0
    expected = np.zeros(30)
    expected[:3] = [3.0, 2.0, 1.0]
    expected[10:13] = 1.0
    np.testing.assert_allclose(smooth(returns), expected, atol=1e-12)
    np.testing.assert_allclose(smooth(np.stack([returns, 2 * returns])), [expected, 2 * expected])


@given(CURVES, st.integers(0, 59))
def test_smoothing_looks_back_alone(returns: np.ndarray, changed: int):
    smoothed = smooth(returns)
    assert smoothed.shape == returns.shape
    assert smoothed[0] == pytest.approx(returns[0])
    changed %= len(returns)
    other = returns.copy()
    other[changed] += 100
    differs = smooth(other) - smoothed > 1
    assert not differs[:changed].any()
    assert differs[changed]


def test_thinning():
    np.testing.assert_array_equal(thin(3), [0, 1, 2])
    np.testing.assert_array_equal(thin(200), np.arange(200))
    # 10 i / 4 is 0, 2.5, 5, 7.5: halves are rounded to even numbers.
    np.testing.assert_array_equal(thin(10, most=4), [0, 2, 5, 8])
    assert thin(0).shape == (0,)


@given(st.integers(1, 1000), st.integers(1, 250))
def test_thinned_evaluations_are_as_many_as_asked_for(count: int, most: int):
    chosen = thin(count, most)
    assert len(chosen) == min(count, most)
    assert chosen[0] == 0
    assert chosen[-1] < count
    assert (np.diff(chosen) > 0).all()


def test_frames_to_a_threshold():
    frames = np.array([0, 10, 20, 30, 40, 50])
    values = np.array([0.0, 5.0, 1.0, 4.0, 4.0, 6.0])
    assert frames_to(frames, values, 4.0, in_a_row=1) == 10
    # Reaching it exactly is enough, once alone is not.
    assert frames_to(frames, values, 4.0) == 30
    assert frames_to(frames, values, 4.5) is None
    assert frames_to(frames, values, 0.0) == 0
    assert frames_to(frames[:2], values[:2], 0.0) is None


def test_bad_curves_are_refused():
    one = np.ones(1)
    for function in (training_mean, final_mean, smooth):
        with pytest.raises(UserError, match="with at least one evaluation"):
            function(np.ones((2, 0)))
    with pytest.raises(UserError, match="with at least one evaluation"):
        area_under_curve(np.ones(0), np.ones(0))
    with pytest.raises(UserError, match=r"shape \(1,\), but there must be 2"):
        area_under_curve(one, np.ones(2))
    with pytest.raises(UserError, match="frames do not increase"):
        area_under_curve(np.array([1, 1]), np.ones(2))
    with pytest.raises(UserError, match="frames do not increase"):
        frames_to(np.array([2, 1]), np.ones(2), 0.0)
    with pytest.raises(UserError, match=r"shape \(1, 1\), but it must be \[evaluation\]"):
        frames_to(one, np.ones((1, 1)), 0.0)
    with pytest.raises(UserError, match="in_a_row is 0, but"):
        frames_to(one, one, 0.0, in_a_row=0)
    for share in (0.0, 1.1):
        with pytest.raises(UserError, match=f"share is {share}, but"):
            final_mean(one, share)
    with pytest.raises(UserError, match="count is -1, but"):
        thin(-1)
    with pytest.raises(UserError, match="most is 0, but"):
        thin(3, most=0)
