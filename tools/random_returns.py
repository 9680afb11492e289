"""Prints the trial return of a uniformly random policy in registered environments.

.venv/bin/python tools/random_returns.py [NAME ...] [--trials 65536] [--seed 0]

Without names, those of `splagger.reporting.scores.ANCHORS`. The numbers of that table are what this
prints, each with its standard error.
"""

import argparse
import math

import jax
import jax.numpy as jnp
import numpy as np

from splagger.environments.random_actions import random_action
from splagger.environments.registry import EnvironmentSpecification
from splagger.environments.trial import Trial
from splagger.reporting.scores import ANCHORS

AT_ONCE = 4096
"""So many trials are played side by side."""


def main() -> None:
    """Plays and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(ANCHORS), metavar="NAME")
    parser.add_argument("--trials", type=int, default=65_536)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name in arguments.names:
        trial = EnvironmentSpecification.parse(name).trial()
        returns = random_returns(trial, arguments.trials, arguments.seed)
        error = returns.std(ddof=1) / math.sqrt(len(returns))
        print(
            f"{name:40} {returns.mean():10.4f} +- {error:.4f}  {len(returns):,} trials", flush=True
        )


def random_returns(trial: Trial, trials: int, seed: int = 0) -> np.ndarray:
    """Plays whole trials with uniformly random actions.

    **Arguments:**

    - `trial`: the environment.
    - `trials`: how many, at least 1.
    - `seed`: of tasks, dynamics and actions.

    **Returns:** `[trial]`, the sum of all rewards of each.
    """
    keys = jax.random.split(jax.random.key(seed), trials)
    play = jax.jit(lambda keys: _play(trial, keys))
    # One program for all parts: the last one is filled up, and what is too much is cut off.
    size = min(AT_ONCE, trials)
    filled = keys[jnp.arange(math.ceil(trials / size) * size) % trials]
    parts = [np.asarray(play(part)) for part in filled.reshape(-1, size)]
    return np.concatenate(parts)[:trials].astype(float)


def _play(trial: Trial, keys: jax.Array) -> jax.Array:
    """One trial for each key, `[trial]`."""

    def step(carry):
        keys, state, total, over = carry
        keys, action_keys, step_keys = jnp.moveaxis(
            jax.vmap(lambda k: jax.random.split(k, 3))(keys), 1, 0
        )
        actions = jax.vmap(lambda key: random_action(trial.action_space, key))(action_keys)
        state, result = jax.vmap(trial.step)(state, actions, step_keys)
        total = total + jnp.where(over, 0.0, result.reward)
        return keys, state, total, over | result.trial_end

    keys, start_keys = jnp.moveaxis(jax.vmap(jax.random.split)(keys), 1, 0)
    state, _ = jax.vmap(trial.reset)(start_keys)
    start = (keys, state, jnp.zeros(len(keys)), jnp.zeros(len(keys), bool))
    _, _, total, _ = jax.lax.while_loop(lambda carry: ~jnp.all(carry[-1]), step, start)
    return total


if __name__ == "__main__":
    main()
