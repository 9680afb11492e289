"""Frames per second of training with every objective, beside those of SplAgger.

    .venv/bin/python benchmarks/objectives.py [--environment grid-navigation] [--agents ...]

All agents train in turn, update by update, in one run, as machines are shared and their speed
drifts: the ratios say more than the numbers. The trial memory is filled first, so that the bound
has something to look at. Evaluation and compilation are not counted. Medians.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
from case import Case, Options
from measuring import in_turn
from rows import write_json

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
    cases = {
        agent: Case(
            Options(
                arguments.environment, agent, arguments.recipe, members=arguments.members
            ).settings(),
            arguments.updates,
        )
        for agent in arguments.agents
    }
    measured = in_turn({agent: _training(case) for agent, case in cases.items()}, arguments.updates)
    speeds = {agent: case.frames / measured.median(agent) for agent, case in cases.items()}
    first = next(iter(speeds.values()))
    print(f"{jax.devices()[0]}, jax {jax.__version__}, {arguments.environment}, {arguments.recipe}")
    for agent, speed in speeds.items():
        print(f"{agent:24} {speed:10,.0f} frames/s   {speed / first:6.2f} times the first")
    write_json(arguments.json, speeds)


def _training(case: Case) -> Callable[[], Any]:
    """An agent's updates, after enough of them for whole trials in all environments."""
    update = case.updates()
    for _ in range(-(-case.learner.trial.max_steps // case.learner.steps)):
        jax.block_until_ready(update())
    return update


if __name__ == "__main__":
    main()
