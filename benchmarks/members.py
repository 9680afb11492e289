"""Members against cost: one update of sweeps of several sizes on one device.

    .venv/bin/python benchmarks/members.py [--members 1 5 15 50 100] [--precision tensorfloat32]
        [--at-once N] [--json FILE]

The paper's settings on the T-maze of length 100, minibatches of time steps. Updates are timed
without compilation and evaluation; a member's own cost is the difference between two sizes over
that of their members.
"""

import argparse
import dataclasses
import json
import statistics
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from measuring import describe_machine

from splagger.foundation.precision import matrix_product_precision
from splagger.foundation.settings import Settings
from splagger.learning.sweep import Sweep, fastest_member_method
from splagger.recipes.build import build_hyperparameters, build_learner, build_trial
from splagger.recipes.recipes import settings_for


def main() -> None:
    """Measures, prints and saves, size by size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", default="t-maze-long-noise")
    parser.add_argument("--agent", default="splagger")
    parser.add_argument("--recipe", default="paper")
    parser.add_argument("--precision", default="float32", choices=("float32", "tensorfloat32"))
    parser.add_argument("--members", type=int, nargs="+", default=[1, 5, 15, 50, 100])
    parser.add_argument("--at-once", type=int)
    parser.add_argument("--updates", type=int, default=4)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    settings = settings_for(arguments.environment, arguments.agent, arguments.recipe)
    settings = dataclasses.replace(settings, precision=arguments.precision, frames=10**9)
    rows = []
    for members in arguments.members:
        row = measure(settings, members, arguments.at_once, arguments.updates)
        rows.append(row)
        print(json.dumps(row), flush=True)
        if arguments.json is not None:
            result = {**describe_machine(), "precision": settings.precision, "rows": rows}
            arguments.json.write_text(json.dumps(result, indent=2) + "\n")


def measure(settings: Settings, members: int, at_once: int | None, updates: int) -> dict[str, Any]:
    """The median time of an update of so many members, and what they take in memory."""
    settings = dataclasses.replace(settings, seeds=members)
    with matrix_product_precision(settings.precision):
        learner = build_learner(settings, build_trial(settings))
        sweep = Sweep(learner, fastest_member_method(), at_once)
        state = sweep.initialise(jnp.arange(members), build_hyperparameters(settings))
        seconds = []
        for _ in range(updates + 1):  # the first one compiles
            jax.block_until_ready(state)
            start = time.perf_counter()
            state, _ = jax.block_until_ready(sweep.update(state))
            seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds[1:])
    peak = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    return {
        "members": members,
        "milliseconds": 1000 * median,
        "frames/s": members * learner.frames_per_update / median,
        "first update, s": seconds[0],
        "peak memory of the process so far, GB": None if peak is None else peak / 1e9,
    }


if __name__ == "__main__":
    main()
