from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from splagger.foundation.errors import UserError
from splagger.reporting.statistics.aggregates import interquartile_mean
from splagger.reporting.statistics.bootstrap import (
    OURS,
    PAPER,
    Estimate,
    StatisticsMode,
    curve_estimates,
    estimate,
    seed_interval,
)

MEAN = replace(OURS, statistic="mean")


def test_two_runs_by_hand():
    # Of 0 and 1 the mean is 0 in a quarter of the resamples, 1 in a quarter, and 0.5 in a half.
    runs = [np.array([0.0, 1.0])]
    assert estimate(runs, MEAN) == Estimate(0.5, 0.0, 1.0, 0.95)
    assert estimate(runs, StatisticsMode("mean", 0.4, 1000)) == Estimate(0.5, 0.5, 0.5, 0.4)
    # 5 and 5 of the other environment are never anything else.
    both = estimate([runs[0], np.array([5.0, 5.0])], MEAN)
    assert both == Estimate(2.75, 2.5, 3.0, 0.95)


def test_runs_are_never_drawn_across_environments():
    constant = [np.full(3, -10.0), np.full(5, 0.0), np.full(2, 70.0)]
    found = estimate(constant, MEAN)
    assert found.low == found.value == found.high == pytest.approx(11.0)
    # The same scores as one environment vary.
    one = estimate([np.concatenate(constant)], MEAN)
    assert one.low < one.value - 5 < one.value + 5 < one.high


def test_scores_of_all_environments_are_pooled():
    generator = np.random.default_rng(3)
    strata = [generator.normal(size=6), generator.normal(5, size=7)]
    pooled = float(interquartile_mean(np.concatenate(strata)))
    assert estimate(strata).value == pooled
    assert pooled != pytest.approx(np.mean([interquartile_mean(runs) for runs in strata]))


@pytest.mark.parametrize("statistic", ["mean", "interquartile-mean"])
@pytest.mark.parametrize("confidence", [0.68, 0.95])
def test_intervals_are_those_of_scipy(statistic: str, confidence: float):
    runs = np.random.default_rng(5).exponential(size=11)
    mode = StatisticsMode(statistic, confidence, 20_000)
    ours = estimate([runs], mode)
    theirs = stats.bootstrap(
        (runs,),
        lambda values, axis: mode.function(np.moveaxis(values, axis, -1)),
        n_resamples=20_000,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    spread = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.03 * spread)
    assert ours.high == pytest.approx(theirs.high, abs=0.03 * spread)


@pytest.mark.parametrize(
    ("confidence", "at_least", "at_most"), [(0.95, 0.91, 0.97), (0.68, 0.62, 0.74)]
)
def test_intervals_cover_the_truth_about_as_often_as_they_say(confidence, at_least, at_most):
    generator = np.random.default_rng(11)
    mode = StatisticsMode("mean", confidence, 300)
    covered = []
    for trial in range(400):
        strata = [generator.normal(1, 2, size=25), generator.normal(3, 1, size=25)]
        found = estimate(strata, mode, seed=trial)
        covered.append(found.low <= 2 <= found.high)
    assert at_least < np.mean(covered) < at_most


@pytest.mark.parametrize(
    ("confidence", "runs", "coverage"), [(0.95, 3, 0.74), (0.95, 10, 0.9), (0.68, 3, 0.51)]
)
def test_intervals_of_few_runs_are_as_narrow_as_documented(confidence, runs, coverage):
    generator = np.random.default_rng(12)
    mode = StatisticsMode("mean", confidence, 300)
    found = [estimate([generator.normal(size=runs)], mode, seed=trial) for trial in range(1000)]
    assert np.mean([one.low <= 0 <= one.high for one in found]) == pytest.approx(coverage, abs=0.03)


def test_the_same_seed_gives_the_same_interval():
    runs = [np.random.default_rng(0).normal(size=9)]
    assert estimate(runs, seed=4) == estimate(runs, seed=4)
    other = estimate(runs, seed=5)
    assert other.value == estimate(runs, seed=4).value
    assert other.low != estimate(runs, seed=4).low


def test_one_run_has_an_interval_without_width():
    assert estimate([np.array([3.5])]) == Estimate(3.5, 3.5, 3.5, 0.95)


def test_curves_are_estimated_evaluation_by_evaluation():
    values = np.random.default_rng(2).normal(size=(7, 4))
    middle, low, high = curve_estimates(values, PAPER, seed=3)
    for evaluation in range(4):
        found = estimate([values[:, evaluation]], PAPER, seed=3)
        got = (middle[evaluation], low[evaluation], high[evaluation])
        np.testing.assert_allclose(got, (found.value, found.low, found.high))


def test_whole_seeds_are_drawn():
    values = np.random.default_rng(2).normal(size=(6, 1))
    _, low, high = curve_estimates(np.hstack([values, -values]), MEAN)
    # With the same seeds at both evaluations the second interval mirrors the first.
    np.testing.assert_allclose([low[1], high[1]], [-high[0], -low[0]])


def test_ranges_and_intervals_around_a_mean_over_seeds():
    values = np.array([[1.0, 0.0], [2.0, 0.0], [6.0, 0.0]])
    low, high = seed_interval(values, "range")
    np.testing.assert_array_equal([low, high], [[1.0, 0.0], [6.0, 0.0]])
    many = np.random.default_rng(1).normal(size=(400, 1))
    low, high = seed_interval(many, "bootstrap")
    # The normal approximation: 1.96 standard errors to each side.
    error = many.std() / 20
    np.testing.assert_allclose(low, many.mean() - 1.96 * error, atol=0.1 * error)
    np.testing.assert_allclose(high, many.mean() + 1.96 * error, atol=0.1 * error)
    np.testing.assert_array_equal(seed_interval(many, "bootstrap")[0], low)


def test_modes():
    assert StatisticsMode("interquartile-mean", 0.95, 2000) == OURS
    assert StatisticsMode("mean", 0.68, 1000) == PAPER
    with pytest.raises(UserError, match="statistic is 'median', but it must be one of 'interq"):
        StatisticsMode("median", 0.95, 2000)
    for confidence in (0.0, 1.0, 95.0, float("nan")):
        with pytest.raises(UserError, match=f"confidence is {confidence}, but"):
            StatisticsMode("mean", confidence, 2000)
    with pytest.raises(UserError, match="iterations is 0, but"):
        StatisticsMode("mean", 0.95, 0)


@pytest.mark.parametrize(
    ("strata", "message"),
    [
        ([], "scores are of no environment"),
        ([np.ones(2), np.ones(0)], r"environment 1 have the shape \(0,\)"),
        ([np.ones((2, 2))], r"environment 0 have the shape \(2, 2\)"),
        ([np.array([1.0, np.inf])], "environment 0 contain inf"),
    ],
)
def test_bad_scores_are_refused(strata, message: str):
    with pytest.raises(UserError, match=message):
        estimate(strata)


@pytest.mark.parametrize("values", [np.ones(3), np.ones((0, 3))])
def test_bad_curves_are_refused(values: np.ndarray):
    with pytest.raises(UserError, match=r"must be \[seed, evaluation\] with at least one seed"):
        curve_estimates(values)
