"""Performance profiles: which share of runs scores above every threshold."""

from collections.abc import Sequence

import numpy as np

from splagger.foundation.errors import UserError
from splagger.reporting.statistics.bootstrap import (
    OURS,
    StatisticsMode,
    check_strata,
    percentile_interval,
    resample,
)


def performance_profile(strata: Sequence[np.ndarray], thresholds: np.ndarray) -> np.ndarray:
    """Returns the share of runs that score above each threshold (Agarwal et al. 2021).

    The runs of all environments are pooled. A score that equals a threshold is not above it.

    **Arguments:**

    - `strata`: for each environment `[run]`, comparable scores.
    - `thresholds`: `[threshold]`, in any order.

    **Returns:** `[threshold]`, shares from 0 to 1.

    **Raises:** `UserError` if there is no environment or no run, if a score is not finite, or if
    `thresholds` has another number of axes.
    """
    pooled = np.concatenate(check_strata("scores", strata))
    return _shares_above(pooled, _check_thresholds(thresholds))


def profile_interval(
    strata: Sequence[np.ndarray],
    thresholds: np.ndarray,
    mode: StatisticsMode = OURS,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the bootstrap interval around each value of a performance profile.

    **Arguments:**

    - `strata`, `thresholds`: as for `performance_profile`.
    - `mode`: confidence and iterations; its statistic is not used.
    - `seed`: of the draws; the same seed gives the same interval.

    **Returns:** the lower and the upper bounds, `[threshold]` each. They hold at each threshold,
    not at all of them at once.

    **Raises:** as `performance_profile`.
    """
    scores = check_strata("scores", strata)
    resampled = resample(scores, mode.iterations, np.random.default_rng(seed))
    shares = _shares_above(resampled, _check_thresholds(thresholds))
    low, high = percentile_interval(shares, mode.confidence)
    return low, high


def _shares_above(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """The share of the last axis that is above each threshold, `[..., threshold]`."""
    shares = np.empty((*scores.shape[:-1], len(thresholds)))
    # One threshold at a time: all at once would compare a large array with each.
    for number, threshold in enumerate(thresholds):
        shares[..., number] = (scores > threshold).mean(axis=-1)
    return shares


def _check_thresholds(thresholds: np.ndarray) -> np.ndarray:
    """The thresholds as floating-point numbers."""
    numbers = np.asarray(thresholds, float)
    if numbers.ndim != 1:
        raise UserError(f"thresholds have the shape {numbers.shape}, but it must be [threshold].")
    return numbers
