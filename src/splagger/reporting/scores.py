"""Scores that are comparable over environments: 0 for a random policy, 1 for the best."""

from dataclasses import dataclass

import numpy as np

from splagger.foundation.checks import check_finite
from splagger.foundation.errors import UserError


def normalise(returns: np.ndarray, random: float, optimum: float) -> np.ndarray:
    """Returns how far returns are on the way from a random policy to the best one.

    **Arguments:**

    - `returns`: `[...]`, trial returns.
    - `random`: the trial return of a random policy.
    - `optimum`: that of the best agent or an oracle, above `random`.

    **Returns:** `[...]`: 0 where a return is `random`, 1 where it is `optimum`. Below 0 and above 1
    nothing is cut off.

    **Raises:** `UserError` if `optimum` is not above `random`, or one of them is not finite.
    """
    check_finite("random", random)
    check_finite("optimum", optimum)
    if optimum <= random:
        raise UserError(
            f"optimum is {optimum}, but it must be above the return of a random policy, {random}."
        )
    return np.asarray((np.asarray(returns, float) - random) / (optimum - random))


ANCHORS: dict[str, int] = {}
