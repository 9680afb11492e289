"""What an observer believes about the goal while it is being searched for."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


def first_belief(possible: Bool[Array, "cells"]) -> Float[Array, "cells"]:
    """The belief at a trial's start: every possible goal is as likely as any other."""
    return possible.astype(float) / jnp.sum(possible)


def next_belief(
    belief: Float[Array, "cells"],
    here: Bool[Array, "cells"],
    on_goal: Bool[Array, ""],
    wrong: Bool[Array, "cells"],
) -> Float[Array, "cells"]:
    """The belief after a step.

    A cell that turned out not to be the goal is ruled out. On the goal, strangely, only half of
    the belief goes to it and half to another cell (published so; a visit to that cell corrects it).

    **Arguments:**

    - `belief`: the belief before the step, which sums to 1.
    - `here`: true at the cell in which the step ended, and nowhere else.
    - `on_goal`: whether that is the goal.
    - `wrong`: true at the one other cell that is believed in on the goal.

    **Returns:** the probability of every cell.
    """
    ruled_out = jnp.where(here, 0.0, belief)
    # On the goal nothing may be left; then the quotient is not used.
    left = jnp.where(on_goal, 1.0, jnp.sum(ruled_out))
    return jnp.where(on_goal, 0.5 * here + 0.5 * wrong, ruled_out / left)


def wrong_goal(
    possible: Bool[Array, "cells"], goal: Int[Array, ""], hint: Int[Array, ""]
) -> Bool[Array, "cells"]:
    """Marks a possible goal that is not the goal.

    **Arguments:**

    - `possible`: the cells that can be the goal.
    - `goal`: the cell that is.
    - `hint`: which of the others to take, 0 to their number - 1.
    """
    others = possible & (jnp.arange(possible.size) != goal)
    return others & (jnp.cumsum(others) == hint + 1)
