import pytest

from splagger.environments.planning_game.renewals import expected_renewals


def test_fixed_durations_fit_as_often_as_they_fit():
    assert [expected_renewals([0.0, 0.0, 1.0], steps) for steps in range(6)] == [0, 0, 1, 1, 2, 2]
    assert expected_renewals([0.0, 1.0], 7) == 7


def test_random_durations():
    # Of one or two steps: 1+1+1, 1+1 then 2 that does not fit, 1+2, 2+1, 2 then 2 that does not.
    assert expected_renewals([0.0, 0.5, 0.5], 3) == pytest.approx((3 + 2 + 2 * 2 + 2 * 2 + 2) / 8)


def test_long_runs_divide_by_the_mean():
    # The renewal theorem with its constant: t / m + (variance + m^2 + m) / (2 m^2) - 1.
    mean, variance = 2.5, 0.25
    constant = (variance + mean**2 + mean) / (2 * mean**2) - 1
    promised = 10_000 / mean + constant
    assert expected_renewals([0.0, 0.0, 0.5, 0.5], 10_000) == pytest.approx(promised, abs=1e-6)
