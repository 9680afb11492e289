"""Statistics over the seeds of a run."""

from typing import Literal

import numpy as np

Interval = Literal["range", "bootstrap"]
"""What surrounds a mean over seeds: the lowest to the highest, or a bootstrap interval of it."""

_BOOTSTRAP_SAMPLES = 2000


def seed_interval(values: np.ndarray, interval: Interval) -> tuple[np.ndarray, np.ndarray]:
    """Returns the lower and the upper bounds, `[evaluation]`, around the mean over seeds.

    The bootstrap interval covers 95 % and is the same every time it is asked for.

    **Arguments:**

    - `values`: `[seed, evaluation]`.
    - `interval`: which bounds.
    """
    if interval == "range":
        return values.min(axis=0), values.max(axis=0)
    count = len(values)
    generator = np.random.default_rng(0)
    # How often each seed is drawn in each resample, as a share: a mean is then one product.
    shares = generator.multinomial(count, [1 / count] * count, size=_BOOTSTRAP_SAMPLES) / count
    low, high = np.quantile(shares @ values, [0.025, 0.975], axis=0)
    return low, high
