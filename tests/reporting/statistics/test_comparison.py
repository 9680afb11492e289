from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from splagger.foundation.errors import UserError
from splagger.reporting.statistics.aggregates import interquartile_mean
from splagger.reporting.statistics.bootstrap import OURS, Estimate, StatisticsMode
from splagger.reporting.statistics.comparison import difference, probability_of_improvement

MEAN = replace(OURS, statistic="mean")
FEW = StatisticsMode("mean", 0.95, 20)

# Of few whole numbers, so that many are equal.
SCORES = arrays(float, st.integers(1, 8), elements=st.integers(0, 4).map(float))


def test_probability_by_hand():
    first, second = np.array([0.0, 2.0]), np.array([1.0])
    # Both runs drawn twice each in a quarter of the resamples, else both once.
    assert probability_of_improvement([first], [second]) == Estimate(0.5, 0.0, 1.0, 0.95)
    narrow = replace(OURS, confidence=0.4)
    assert probability_of_improvement([first], [second], narrow) == Estimate(0.5, 0.5, 0.5, 0.4)
    # 3 > 1, 3 > 2, 2 > 1 and half of 2 = 2: 3.5 of 4; in the other environment 0 of 1.
    pair = [np.array([2.0, 3.0])], [np.array([1.0, 2.0])]
    assert probability_of_improvement(*pair).value == 3.5 / 4
    both = (pair[0] + [np.array([5.0])], pair[1] + [np.array([6.0])])
    assert probability_of_improvement(*both).value == 3.5 / 8


@given(SCORES, SCORES)
@settings(deadline=None)
def test_probability_is_that_of_mann_and_whitney(first: np.ndarray, second: np.ndarray):
    found = probability_of_improvement([first], [second], FEW)
    pairs = stats.mannwhitneyu(first, second, method="asymptotic").statistic
    assert found.value == pytest.approx(pairs / (len(first) * len(second)))
    assert 0 <= found.low <= found.high <= 1
    opposite = probability_of_improvement([second], [first], FEW)
    assert found.value + opposite.value == pytest.approx(1)


@given(SCORES, SCORES)
@settings(deadline=None)
def test_only_the_order_of_scores_counts(first: np.ndarray, second: np.ndarray):
    found = probability_of_improvement([first], [second], FEW)
    assert probability_of_improvement([np.exp(first)], [np.exp(second)], FEW) == found


def test_intervals_are_those_of_scipy():
    generator = np.random.default_rng(8)
    first, second = generator.normal(1, size=9), generator.normal(0, size=12)
    mode = replace(MEAN, iterations=20_000)

    def wins(ours, theirs, axis):
        above = np.moveaxis(ours, axis, -1)[..., None] > np.moveaxis(theirs, axis, -1)[..., None, :]
        return above.mean(axis=(-2, -1))

    def gain(ours, theirs, axis):
        return ours.mean(axis=axis) - theirs.mean(axis=axis)

    for ours, statistic in ((probability_of_improvement, wins), (difference, gain)):
        found = ours([first], [second], mode)
        interval = stats.bootstrap(
            (first, second),
            statistic,
            n_resamples=20_000,
            confidence_level=0.95,
            method="percentile",
            rng=np.random.default_rng(2),
        ).confidence_interval
        spread = interval.high - interval.low
        assert found.low == pytest.approx(interval.low, abs=0.03 * spread)
        assert found.high == pytest.approx(interval.high, abs=0.03 * spread)
        assert found.low < found.value < found.high


def test_difference_by_hand():
    first, second = np.array([0.0, 1.0]), np.array([10.0, 10.0, 10.0])
    assert difference([first], [second], MEAN) == Estimate(-9.5, -10.0, -9.0, 0.95)
    # Of two environments, scores are pooled: (0 + 1 + 6) / 3 - (10 + 10 + 10 + 7) / 4.
    more = difference([first, np.array([6.0])], [second, np.array([7.0])], MEAN)
    assert more.value == pytest.approx(7 / 3 - 37 / 4)


def test_difference_of_interquartile_means():
    generator = np.random.default_rng(4)
    first, second = generator.normal(size=(2, 10))
    expected = interquartile_mean(first) - interquartile_mean(second)
    assert difference([first], [second]).value == pytest.approx(float(expected))


def test_both_agents_are_drawn_by_themselves():
    runs = np.random.default_rng(4).normal(size=30)
    found = difference([runs], [runs], replace(MEAN, iterations=4000))
    # Drawn together, nothing would ever differ. Two means vary by the root of 2 more than one.
    expected = 1.96 * np.sqrt(2) * runs.std() / np.sqrt(30)
    assert found.value == 0
    assert found.high == pytest.approx(expected, rel=0.1)
    assert found.low == pytest.approx(-expected, rel=0.1)


def test_runs_are_never_drawn_across_environments():
    first, second = [np.full(3, 9.0), np.full(3, 0.0)], [np.full(4, 1.0), np.full(4, 5.0)]
    found = probability_of_improvement(first, second)
    assert found == Estimate(0.5, 0.5, 0.5, 0.95)
    assert difference(first, second, MEAN) == Estimate(1.5, 1.5, 1.5, 0.95)


@pytest.mark.parametrize("compare", [probability_of_improvement, difference])
def test_bad_scores_are_refused(compare):
    one = np.ones(2)
    with pytest.raises(UserError, match="scores of 2 environments and the second of 1"):
        compare([one, one], [one])
    with pytest.raises(UserError, match="scores of the second agent are of no environment"):
        compare([one], [])
    with pytest.raises(UserError, match="scores of the first agent of environment 0 contain nan"):
        compare([np.array([np.nan])], [one])
