"""One number for many scores: their mean, and the mean of their middle half."""

from collections.abc import Callable

import numpy as np

from splagger.foundation.errors import UserError


def mean(values: np.ndarray) -> np.ndarray:
    """Returns the mean over the last axis.

    **Arguments:**

    - `values`: `[..., score]`, at least one score.

    **Returns:** `[...]`.

    **Raises:** `UserError` if there is no score.
    """
    return np.asarray(_scores(values).mean(axis=-1))


def interquartile_mean(values: np.ndarray) -> np.ndarray:
    """Returns the mean of the middle half of the last axis (Agarwal et al. 2021).

    Of n sorted scores exactly n / 4 are cut off at either end. Where that is no whole number, the
    score at the border counts in part: of ten scores, two and a half are cut off at either end,
    so that the third and the eighth count half. Where n is divisible by 4 this is
    `scipy.stats.trim_mean(values, 0.25)`; elsewhere that cuts off whole scores, and fewer. One
    score is its own mean, and of two it is their mean. NaN where a score is NaN.

    **Arguments:**

    - `values`: `[..., score]`, at least one score.

    **Returns:** `[...]`.

    **Raises:** `UserError` if there is no score.
    """
    scores = np.sort(_scores(values), axis=-1)
    count = scores.shape[-1]
    # Score k fills the space from k to k + 1; it counts as far as that is in the middle half.
    begins = np.arange(count)
    weights = np.minimum(begins + 1, 0.75 * count) - np.maximum(begins, 0.25 * count)
    return np.asarray(scores @ (np.maximum(weights, 0) / (0.5 * count)))


STATISTICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "interquartile-mean": interquartile_mean,
    "mean": mean,
}
"""The statistics by the names that settings, files and figures have for them."""


def _scores(values: np.ndarray) -> np.ndarray:
    """The values as numbers.

    **Raises:** `UserError` if there is none.
    """
    scores = np.asarray(values, float)
    if scores.ndim == 0 or scores.shape[-1] == 0:
        raise UserError(
            f"the scores have the shape {scores.shape}, but their last axis must have at least one."
        )
    return scores
