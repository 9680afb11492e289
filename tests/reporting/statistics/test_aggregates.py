import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from splagger.foundation.errors import UserError
from splagger.reporting.statistics.aggregates import STATISTICS, interquartile_mean, mean

SCORES = arrays(float, st.integers(1, 30), elements=st.floats(-100, 100))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([7.0], 7.0),
        ([1.0, 4.0], 2.5),
        # A quarter of the lowest and of the highest is left.
        ([9.0, 0.0, 2.0], (0.25 * 0 + 2 + 0.25 * 9) / 1.5),
        ([100.0, 1.0, 3.0, -50.0], 2.0),
        ([0.0, 1.0, 2.0, 3.0, 100.0], (0.75 * 1 + 2 + 0.75 * 3) / 2.5),
        (list(range(9)) + [1000.0], (0.5 * 2 + 3 + 4 + 5 + 6 + 0.5 * 7) / 5),
    ],
)
def test_middle_half_by_hand(scores: list[float], expected: float):
    assert float(interquartile_mean(np.array(scores))) == pytest.approx(expected)


def test_means_are_over_the_last_axis():
    values = np.random.default_rng(0).normal(size=(2, 3, 8))
    np.testing.assert_allclose(mean(values), np.mean(values, axis=2))
    np.testing.assert_allclose(interquartile_mean(values), stats.trim_mean(values, 0.25, axis=2))
    assert set(STATISTICS) == {"interquartile-mean", "mean"}
    assert STATISTICS["mean"] is mean
    assert STATISTICS["interquartile-mean"] is interquartile_mean


@given(SCORES)
def test_like_the_trimmed_mean_where_a_quarter_is_a_whole_number(scores: np.ndarray):
    repeated = np.tile(scores, 4)
    expected = stats.trim_mean(repeated, 0.25)
    # How often all scores are repeated makes no difference, whatever their number.
    for values in (repeated, scores):
        np.testing.assert_allclose(interquartile_mean(values), expected, atol=1e-9)


@given(SCORES, st.floats(0.1, 10), st.floats(-10, 10), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_units_do(scores, scale, shift, random):
    shuffled = scores.copy()
    random.shuffle(shuffled)
    expected = interquartile_mean(scores) * scale + shift
    np.testing.assert_allclose(interquartile_mean(shuffled * scale + shift), expected, atol=1e-9)
    assert scores.min() - 1e-9 <= interquartile_mean(scores) <= scores.max() + 1e-9


def test_outliers_count_in_the_mean_alone():
    scores = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    wild = np.where(scores == 8.0, 1e6, scores)
    assert interquartile_mean(wild) == interquartile_mean(scores)
    assert mean(wild) > mean(scores)


def test_scores_that_are_unknown_are_not_hidden():
    for statistic in STATISTICS.values():
        assert np.isnan(statistic(np.array([1.0, np.nan, 2.0, 3.0, 4.0])))


@pytest.mark.parametrize("values", [np.zeros((2, 0)), np.zeros(0), np.zeros(())])
def test_no_scores_are_refused(values: np.ndarray):
    for statistic in STATISTICS.values():
        with pytest.raises(UserError, match="last axis must have at least one"):
            statistic(values)
