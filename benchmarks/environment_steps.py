"""Steps per second of environments with random actions, trials and resets included.

    .venv/bin/python benchmarks/environment_steps.py [--environments NAME ...] [--batch 1024]
        [--steps 500] [--repeats 5] [--json FILE]

Every environment is stepped in one compiled scan over a batch: the random action, the step, and the
next episode or trial where one ends. Beside it, in the same run, the floor: the same scan with an
environment that only draws one number, so that what is left is random keys and trials. Medians.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from measuring import Measured, describe_machine, in_turn
from rows import write_json

from splagger.environments.environment import Environment, Step
from splagger.environments.random_actions import random_action
from splagger.environments.registry import EnvironmentSpecification, compiled_names
from splagger.environments.spaces import Box, Discrete
from splagger.environments.trial import Trial


class Nothing(Environment):
    """The floor: its state is the last random number that it was given."""

    @property
    def observation_space(self) -> Box:
        """One number."""
        return Box(0.0, 1.0, (1,))

    @property
    def action_space(self) -> Discrete:
        """Two actions."""
        return Discrete(2)

    @property
    def max_episode_steps(self) -> int:
        """The length of every episode."""
        return 100

    def sample_task(self, key):
        """No task."""
        return jnp.zeros(())

    def reset(self, task, state, key):
        """Nothing happens."""
        return jnp.zeros(1), jnp.zeros(1)

    def step(self, task, state, action, key):
        """One number is drawn."""
        state = jax.random.uniform(key, (1,))
        return state, Step(state, reward=action, terminated=False)


FLOOR = Trial(Nothing(), episodes=2)
"""Trials in it."""


def main() -> None:
    """Measures, prints and saves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", nargs="+", default=list(compiled_names()))
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    speeds = {}
    for name in [None, *arguments.environments]:
        trial = FLOOR if name is None else EnvironmentSpecification.parse(name).trial()
        measured = measure_steps({"it": trial}, arguments.batch, arguments.steps, arguments.repeats)
        speed = arguments.batch * arguments.steps / measured.median("it")
        speeds[name or "nothing"] = speed
        print(f"{name or '(nothing)':40} {speed / 1e6:8.2f} million steps/s", flush=True)
    result = {**describe_machine(), "batch": arguments.batch, "steps_per_second": speeds}
    write_json(arguments.json, result)


def measure_steps(trials: Mapping[str, Trial], batch: int, steps: int, repeats: int) -> Measured:
    """Times so many steps of a batch in each of some environments, which take turns."""
    return in_turn({name: stepping(trial, batch, steps) for name, trial in trials.items()}, repeats)


def stepping(trial: Trial, batch: int, steps: int) -> Callable[[], Any]:
    """A call that makes so many steps of a batch, and goes on from there the next time."""

    @jax.jit
    def run(states, key):
        def step(states, key):
            action_key, step_key = jax.random.split(key)
            action = random_action(trial.action_space, action_key, (batch,))
            states, result = jax.vmap(trial.step)(states, action, jax.random.split(step_key, batch))
            # All of the observation is used, or XLA would not compute it.
            return states, result.reward.sum() + result.observation.sum()

        key, new = jax.random.split(key)
        states, sums = jax.lax.scan(step, states, jax.random.split(new, steps))
        return states, key, sums

    states, _ = jax.jit(jax.vmap(trial.reset))(jax.random.split(jax.random.key(0), batch))
    key = jax.random.key(1)

    def call():
        nonlocal states, key
        states, key, sums = run(states, key)
        return sums

    return call


if __name__ == "__main__":
    main()
