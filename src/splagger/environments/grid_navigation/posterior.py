"""The exact probabilities of all goals after what was seen in a trial (Bayes' rule)."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int


def goal_posterior(
    remaining: Bool[Array, "cells"], goal: Int[Array, ""], known: Bool[Array, ""]
) -> Float[Array, "cells"]:
    """The probability of every cell to be the goal.

    Goals are drawn evenly and nothing else in a grid depends on them at random, so those that agree
    with all that was seen are equally likely.

    **Arguments:**

    - `remaining`: the possible goals that agree with all that was seen.
    - `goal`: the number of the goal's cell.
    - `known`: whether the goal itself was seen. Then `remaining` does not matter.
    """
    here = jnp.arange(remaining.size) == goal
    remaining = jnp.where(known, here, remaining)
    return remaining.astype(float) / jnp.sum(remaining)


def as_far_away(
    measured: Bool[Array, "cells"], goal: Int[Array, ""], height: int
) -> Bool[Array, "cells"]:
    """The cells that are as far as the goal from all cells in which that distance was told.

    **Arguments:**

    - `measured`: where the distance to the goal, in steps over free ground, was told.
    - `goal`: the number of the goal's cell.
    - `height`: how many values y has; cell (x, y) is number x * height + y.
    """
    x, y = np.divmod(np.arange(measured.size), height)
    distances = jnp.asarray(np.abs(x[:, None] - x) + np.abs(y[:, None] - y))
    return jnp.all(~measured | (distances == distances[goal]), axis=1)
