"""Frames per second of training with every objective, beside those of SplAgger.

    .venv/bin/python benchmarks/objectives.py [--environment grid-navigation] [--agents ...]

All agents train in turn, update by update, in one run, as machines are shared and their speed
drifts: the ratios say more than the numbers. The trial memory is filled first, so that the bound
has something to look at. Evaluation and compilation are not counted. Medians.
"""

import argparse
import dataclasses
import json
import statistics
import time
from pathlib import Path

import jax
import jax.numpy as jnp

from splagger.learning.sweep import Sweep, fastest_member_method
from splagger.recipes.build import build_hyperparameters, build_learner, build_trial
from splagger.recipes.recipes import settings_for
from splagger.training.compilation_cache import enable_compilation_cache

_AGENTS = (
    "splagger",
    "rnn",
    "cnp",
    "pearl",
    "pearl-gru",
    "pearl-varibad",
    "neural-process",
    "varibad-hypernetwork",
    "ti-naive",
    "ti++-hypernetwork",
    "bi++-hypernetwork",
    "multi-task",
    "belief-oracle",
)


def main() -> None:
    """Measures, prints and saves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", default="grid-navigation")
    parser.add_argument("--agents", nargs="+", default=_AGENTS)
    parser.add_argument("--recipe", default="paper")
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--updates", type=int, default=7)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    enable_compilation_cache()
    runs = {
        agent: _Training(arguments.environment, agent, arguments.recipe, arguments.members)
        for agent in arguments.agents
    }
    for _ in range(arguments.updates):
        for run in runs.values():
            run.update()
    first = next(iter(runs.values())).speed
    print(f"{jax.devices()[0]}, jax {jax.__version__}, {arguments.environment}, {arguments.recipe}")
    for agent, run in runs.items():
        print(f"{agent:24} {run.speed:10,.0f} frames/s   {run.speed / first:6.2f} times the first")
    if arguments.json is not None:
        speeds = {agent: run.speed for agent, run in runs.items()}
        arguments.json.write_text(json.dumps(speeds, indent=2) + "\n")


class _Training:
    """One agent's training, timed update by update."""

    def __init__(self, environment: str, agent: str, recipe: str, members: int):
        settings = dataclasses.replace(settings_for(environment, agent, recipe), seeds=members)
        learner = build_learner(settings, build_trial(settings))
        self._sweep = Sweep(learner, fastest_member_method())
        self._state = self._sweep.initialise(jnp.arange(members), build_hyperparameters(settings))
        self._frames = members * learner.frames_per_update
        self._seconds: list[float] = []
        # Enough for whole trials in all environments; the first of these compiles.
        for _ in range(1 + -(-learner.trial.max_steps // learner.steps)):
            self._state, _ = jax.block_until_ready(self._sweep.update(self._state))

    def update(self) -> None:
        """Makes one update."""
        start = time.perf_counter()
        self._state, _ = jax.block_until_ready(self._sweep.update(self._state))
        self._seconds.append(time.perf_counter() - start)

    @property
    def speed(self) -> float:
        """Frames per second, all members together."""
        return self._frames / statistics.median(self._seconds)


if __name__ == "__main__":
    main()
