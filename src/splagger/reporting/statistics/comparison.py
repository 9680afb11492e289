"""Two agents compared: how likely one is better, and by how much."""

from collections.abc import Sequence

import numpy as np

from splagger.foundation.errors import UserError
from splagger.reporting.statistics.bootstrap import (
    OURS,
    Estimate,
    StatisticsMode,
    check_strata,
    draw_runs,
    percentile_interval,
    resample,
)


def probability_of_improvement(
    first: Sequence[np.ndarray],
    second: Sequence[np.ndarray],
    mode: StatisticsMode = OURS,
    seed: int = 0,
) -> Estimate:
    """Estimates how likely a run of the first agent scores higher than one of the second.

    In every environment it is the share of all pairs of runs in which the first scores higher, a
    tie counting half: the statistic of Mann and Whitney, divided by the number of pairs. The
    result is the mean over environments (Agarwal et al. 2021). The runs of both agents are drawn
    again by themselves, within each environment.

    **Arguments:**

    - `first`, `second`: for each environment `[run]`, in the same order; numbers of runs may
        differ. Only the order of scores counts, so they need not be comparable over environments.
    - `mode`: confidence and iterations; its statistic is not used.
    - `seed`: of the draws; the same seed gives the same interval.

    **Returns:** the probability, from 0 to 1: 0.5 where both are alike.

    **Raises:** `UserError` if the agents have different numbers of environments, if there is no
    environment or no run, or if a score is not finite.
    """
    pairs = _check_pairs(first, second)
    generator = np.random.default_rng(seed)
    value, resampled = 0.0, np.zeros(mode.iterations)
    for ours, theirs in pairs:
        above = ours[:, None] > theirs
        wins = above + 0.5 * (ours[:, None] == theirs)
        value += wins.mean()
        our_shares = _shares(draw_runs(len(ours), mode.iterations, generator))
        their_shares = _shares(draw_runs(len(theirs), mode.iterations, generator))
        # The mean of the wins of all pairs that were drawn, without writing the pairs out.
        resampled += ((our_shares @ wins) * their_shares).sum(axis=1)
    low, high = percentile_interval(resampled / len(pairs), mode.confidence)
    return Estimate(float(value / len(pairs)), float(low), float(high), mode.confidence)


def difference(
    first: Sequence[np.ndarray],
    second: Sequence[np.ndarray],
    mode: StatisticsMode = OURS,
    seed: int = 0,
) -> Estimate:
    """Estimates by how much the statistic of the first agent is above that of the second.

    Each agent's statistic is that of its scores of all environments, pooled, as in `estimate`. The
    runs of both are drawn again by themselves, within each environment.

    **Arguments:**

    - `first`, `second`: for each environment `[run]`, in the same order; numbers of runs may
        differ.
    - `mode`: the statistic and its interval.
    - `seed`: of the draws; the same seed gives the same interval.

    **Returns:** the difference, in units of the scores.

    **Raises:** as `probability_of_improvement`.
    """
    pairs = _check_pairs(first, second)
    generator = np.random.default_rng(seed)
    values, resampled = [], []
    for strata in zip(*pairs, strict=True):
        values.append(float(mode.function(np.concatenate(strata))))
        resampled.append(mode.function(resample(strata, mode.iterations, generator)))
    low, high = percentile_interval(resampled[0] - resampled[1], mode.confidence)
    return Estimate(values[0] - values[1], float(low), float(high), mode.confidence)


def _check_pairs(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The scores of both agents in each environment, as floating-point numbers."""
    ours = check_strata("scores of the first agent", first)
    theirs = check_strata("scores of the second agent", second)
    if len(ours) != len(theirs):
        raise UserError(
            f"the first agent has scores of {len(ours)} environments and the second of "
            f"{len(theirs)}, but both must be compared in the same ones."
        )
    return list(zip(ours, theirs, strict=True))


def _shares(drawn: np.ndarray) -> np.ndarray:
    """How often each run was drawn in each iteration, `[iteration, run]`, as a share of all."""
    iterations, count = drawn.shape
    numbered = drawn + count * np.arange(iterations)[:, None]
    times = np.bincount(numbered.ravel(), minlength=drawn.size)
    return times.reshape(iterations, count) / count
