import numpy as np
import pytest

from splagger.foundation.errors import UserError
from splagger.reporting.statistics.bootstrap import OURS, StatisticsMode, estimate
from splagger.reporting.statistics.profiles import performance_profile, profile_interval

STRATA = [np.array([0.0, 0.5, 1.0]), np.array([0.2])]


def test_shares_by_hand():
    thresholds = np.array([-1.0, 0.0, 0.2, 0.5, 0.9, 1.0])
    shares = performance_profile(STRATA, thresholds)
    np.testing.assert_array_equal(shares, [1, 0.75, 0.5, 0.25, 0.25, 0])
    # In any order.
    np.testing.assert_array_equal(performance_profile(STRATA, thresholds[::-1]), shares[::-1])
    assert performance_profile(STRATA, np.zeros(0)).shape == (0,)


def test_interval_is_that_of_a_mean_of_zeros_and_ones():
    generator = np.random.default_rng(6)
    strata = [generator.uniform(size=9), generator.uniform(size=6)]
    thresholds = np.array([0.3, 0.7])
    low, high = profile_interval(strata, thresholds, OURS, seed=2)
    mode = StatisticsMode("mean", OURS.confidence, OURS.iterations)
    for number, threshold in enumerate(thresholds):
        above = [(runs > threshold).astype(float) for runs in strata]
        found = estimate(above, mode, seed=2)
        assert (low[number], high[number]) == (found.low, found.high)
        assert found.low < found.value < found.high


def test_profiles_fall_and_lie_in_their_intervals():
    strata = [np.random.default_rng(k).normal(size=12) for k in range(3)]
    thresholds = np.linspace(-3, 3, 25)
    shares = performance_profile(strata, thresholds)
    low, high = profile_interval(strata, thresholds)
    for bound in (shares, low, high):
        assert (np.diff(bound) <= 0).all()
        assert ((bound >= 0) & (bound <= 1)).all()
    assert ((low <= shares) & (shares <= high)).all()


def test_bad_input_is_refused():
    for function in (performance_profile, profile_interval):
        with pytest.raises(UserError, match=r"shape \(\), but it must be \[threshold\]"):
            function(STRATA, np.zeros(()))
        with pytest.raises(UserError, match="scores are of no environment"):
            function([], np.zeros(1))
