"""What checks, indicators and decisions say about the task of a T-maze (Bayes' rule).

Everything is a logarithm of probabilities of all tasks; -inf rules a task out.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


def no_evidence(tasks: int) -> Float[Array, "tasks"]:
    """The logarithm of the probability of every task at a trial's start: all are as likely."""
    return jnp.full((tasks,), -jnp.log(float(tasks)))


def check_evidence(
    up: Bool[Array, "tasks"], check_up: Bool[Array, ""], probabilities: tuple[float, float]
) -> Float[Array, "tasks"]:
    """How likely the check that was shown is in every task.

    **Arguments:**

    - `up`: the tasks whose indicator is UP.
    - `check_up`: whether the check was UP.
    - `probabilities`: of UP, in those tasks and in the others.
    """
    of_up = jnp.where(up, *(jnp.asarray(value, dtype=float) for value in probabilities))
    return jnp.log(jnp.where(check_up, of_up, 1 - of_up))


def sight_evidence(possible: Bool[Array, "tasks"]) -> Float[Array, "tasks"]:
    """What is said by a sight that is certain in some tasks and impossible in the others."""
    return jnp.where(possible, 0.0, -jnp.inf)


def weigh(
    log_belief: Float[Array, "tasks"], *evidence: Float[Array, "tasks"]
) -> Float[Array, "tasks"]:
    """The logarithm of the probability of every task after more evidence.

    **Arguments:**

    - `log_belief`: that of before.
    - `evidence`: logarithms of how likely, in every task, each thing is that was then seen.
    """
    return jax.nn.log_softmax(log_belief + sum(evidence))
