"""Generalised advantage estimation (Schulman et al. 2016), with two ways to treat time limits."""

from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from splagger.foundation.affine import compose

TimeLimits = Literal["bootstrap", "zero-advantage", "terminal"]
"""How an episode that a time limit cut is credited. `bootstrap`: where it ends the trial, the value
of its final observation stands for what was cut. `zero-advantage`: every such step, also inside a
trial, gets the advantage 0 and passes no credit back, as published with "proper time limits" (Q15).
`terminal`: it is an end like any other, as published without."""


def advantages(
    rewards: Float[Array, "time environment"],
    values: Float[Array, "time_plus_one environment"],
    final_values: Float[Array, "time environment"] | None,
    trial_end: Bool[Array, "time environment"],
    truncated: Bool[Array, "time environment"],
    *,
    discount: Float[Array, ""],
    trace_decay: Float[Array, ""],
    time_limits: TimeLimits,
) -> Float[Array, "time environment"]:
    """Estimates how much better every action was than the policy's average.

    An episode's end inside a trial is not terminal: the agent's aim is the return of the trial.

    **Arguments:**

    - `rewards`: normalised rewards.
    - `values`: estimates for the observations acted on, and for the one after the last step.
    - `final_values`: for `bootstrap`, estimates for the observations that steps led to; None where
        no episode can be truncated.
    - `trial_end`: whether a step ended its trial.
    - `truncated`: whether a step ended its episode by the time limit alone.
    - `discount`, `trace_decay`: gamma and lambda, in [0, 1].
    - `time_limits`: how truncated episodes are credited.
    """
    next_values = jnp.where(trial_end, 0, values[1:])
    if time_limits == "bootstrap" and final_values is not None:
        next_values = jnp.where(trial_end & truncated, final_values, next_values)
    errors = rewards + discount * next_values - values[:-1]
    decays = jnp.where(trial_end, 0, discount * trace_decay)
    if time_limits == "zero-advantage":
        errors = jnp.where(truncated, 0, errors)
        decays = jnp.where(truncated, 0, decays)

    # A_t = error_t + decay_t A_{t+1}: an affine map of the next advantage.
    return jax.lax.associative_scan(compose, (decays, errors), reverse=True)[1]


def standardise(values: Float[Array, "..."]) -> Float[Array, "..."]:
    """Subtracts the mean and divides by the (unbiased) standard deviation over the whole batch."""
    return (values - jnp.mean(values)) / (jnp.std(values, ddof=1) + 1e-5)
