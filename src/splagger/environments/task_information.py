"""What is known about a task from outside: privileged, never part of an observation."""

import equinox as eqx
from jaxtyping import Array, Float, Int


class TaskInformation(eqx.Module):
    """The true tasks of a batch, for agents that are told them or learn to infer them."""

    vector: Float[Array, "*batch task"]
    """The task as numbers; none where the environment gives none."""
    index: Int[Array, "*batch"]
    """Which of the environment's tasks it is, from 0; always 0 where they are not finite."""
    belief: Float[Array, "*batch tasks"] | None = None
    """The exact probability of every task after what was observed in the trial so far; None where
    the environment does not compute it."""
