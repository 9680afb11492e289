"""Plain loops in NumPy over steps and environments, for what jax computes in one piece."""

import numpy as np


def advantages(rewards, values, final_values, trial_end, truncated, discount, decay, time_limits):
    """Generalised advantage estimates, `[time, environment]`."""
    steps, environments = rewards.shape
    result = np.zeros((steps, environments))
    for n in range(environments):
        later = 0.0
        for t in reversed(range(steps)):
            following = values[t + 1, n]
            if trial_end[t, n]:
                later = 0.0
                following = 0.0
                if time_limits == "bootstrap" and truncated[t, n]:
                    following = final_values[t, n]
            error = rewards[t, n] + discount * following - values[t, n]
            later = error + discount * decay * later
            if time_limits == "zero-advantage" and truncated[t, n]:
                later = 0.0
            result[t, n] = later
    return result


def normalised_rewards(rewards, trial_end, discount, clip, reset_all):
    """Rewards over the standard deviation of their discounted sum, from fresh statistics.

    The moments are those of all sums seen so far, and of 1e-4 samples of mean 0 and variance 1.
    """
    steps, environments = rewards.shape
    result = np.zeros((steps, environments))
    sums = np.zeros(environments)
    seen: list[float] = []
    for t in range(steps):
        sums = np.where(trial_end[t], 0.0, discount * sums + rewards[t])
        seen.extend(sums)
        weight = 1e-4 + len(seen)
        mean = sum(seen) / weight
        # The prior's own second moment is 1e-4 x 1.
        variance = (1e-4 + sum(x**2 for x in seen)) / weight - mean**2
        result[t] = np.clip(rewards[t] / np.sqrt(variance + 1e-8), -clip, clip)
        if reset_all and trial_end[t].any():
            sums = np.zeros(environments)
    return result


def standardised(values):
    """Minus the mean, over the unbiased standard deviation."""
    flat = [float(value) for value in np.asarray(values).reshape(-1)]
    mean = sum(flat) / len(flat)
    variance = sum((value - mean) ** 2 for value in flat) / (len(flat) - 1)
    return (values - mean) / (variance**0.5 + 1e-5)
