"""Steps per second of environments with random actions, trials and resets included.

    .venv/bin/python benchmarks/environment_steps.py [--environments NAME ...] [--batch 1024]
        [--steps 500] [--repeats 5] [--json FILE]

Every environment is stepped in one compiled scan over a batch: the random action, the step, and the
next episode or trial where one ends. Beside it, in the same run, the floor: the same scan with an
environment that only draws one number, so that what is left is random keys and trials. Medians.
"""

import argparse
import json
import platform
import statistics
import time
from pathlib import Path

import jax
import jax.numpy as jnp

from splagger.environments.environment import Environment, Step
from splagger.environments.random_actions import random_action
from splagger.environments.registry import EnvironmentSpecification, compiled_names
from splagger.environments.spaces import Box, Discrete
from splagger.environments.trial import Trial


class Nothing(Environment):
    """The floor: its state is the last random number that it was given."""

    observation_space = Box(0.0, 1.0, (1,))
    action_space = Discrete(2)
    max_episode_steps = 100

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
    floor = Trial(Nothing(), episodes=2)
    for name in [None, *arguments.environments]:
        trial = floor if name is None else EnvironmentSpecification.parse(name).trial()
        speeds[name or "nothing"] = measure(
            trial, arguments.batch, arguments.steps, arguments.repeats
        )
        print(f"{name or '(nothing)':40} {speeds[name or 'nothing'] / 1e6:8.2f} million steps/s")
    result = {
        "device": jax.devices()[0].device_kind,
        "machine": platform.processor() or platform.machine(),
        "jax": jax.__version__,
        "batch": arguments.batch,
        "steps_per_second": speeds,
    }
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


def measure(trial: Trial, batch: int, steps: int, repeats: int) -> float:
    """Median steps per second of a batch, compilation not counted."""

    @jax.jit
    def run(states, key):
        def step(states, key):
            action_key, step_key = jax.random.split(key)
            action = random_action(trial.action_space, action_key, (batch,))
            states, result = jax.vmap(trial.step)(states, action, jax.random.split(step_key, batch))
            # All of the observation is used, or XLA would not compute it.
            return states, result.reward.sum() + result.observation.sum()

        return jax.lax.scan(step, states, jax.random.split(key, steps))

    states, _ = jax.jit(jax.vmap(trial.reset))(jax.random.split(jax.random.key(0), batch))
    states, _ = jax.block_until_ready(run(states, jax.random.key(1)))
    times = []
    for repeat in range(repeats):
        start = time.perf_counter()
        states, _ = jax.block_until_ready(run(states, jax.random.key(2 + repeat)))
        times.append(time.perf_counter() - start)
    return batch * steps / statistics.median(times)


if __name__ == "__main__":
    main()
