"""Several devices beside one: members per second, and updates with environments that are split.

    .venv/bin/python benchmarks/devices.py [--members 15] [--environments 1024] [--json FILE]

A sweep with so many members on every device trains on one device and on all; updates are timed
without compilation and evaluation, at the paper's settings. Then a run of one member is split over
all devices by its environments: its first update is compared with that of one device in float64,
and its updates are timed. Where there is one device, XLA simulates more of a CPU:
XLA_FLAGS=--xla_force_host_platform_device_count=2.
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
import numpy as np

from splagger.foundation.precision import matrix_product_precision
from splagger.foundation.settings import Settings
from splagger.learning.mesh import Layout, make_mesh
from splagger.learning.spread_sweep import SpreadSweep
from splagger.learning.sweep import Sweep, fastest_member_method
from splagger.recipes.build import build_hyperparameters, build_learner, build_trial
from splagger.recipes.recipes import settings_for
from splagger.training.compilation_cache import enable_compilation_cache


def main() -> None:
    """Measures, prints and saves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", default="t-maze-long-noise")
    parser.add_argument("--agent", default="splagger")
    parser.add_argument("--recipe", default="paper")
    parser.add_argument("--precision", default="float32", choices=("float32", "tensorfloat32"))
    parser.add_argument("--members", type=int, default=15, help="on every device")
    parser.add_argument("--environments", type=int, default=1024, help="of the split run")
    parser.add_argument("--updates", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    enable_compilation_cache()
    settings = dataclasses.replace(
        settings_for(arguments.environment, arguments.agent, arguments.recipe),
        precision=arguments.precision,
        frames=10**9,
    )
    result: dict[str, Any] = {
        "environment": settings.environment,
        "agent": settings.agent.name,
        "precision": settings.precision,
        "devices": [str(device) for device in jax.devices()],
        "jax": jax.__version__,
    }
    with matrix_product_precision(settings.precision):
        parts = {
            "members": lambda: spread(settings, arguments.members, arguments.updates),
            "first split update": lambda: first_update(settings),
            "split": lambda: split(settings, arguments.environments, arguments.updates),
        }
        # What is measured is shown and kept, should the rest be interrupted.
        for name, measure in parts.items():
            result[name] = measure()
            print(json.dumps({name: result[name]}, indent=2), flush=True)
            if arguments.json is not None:
                arguments.json.write_text(json.dumps(result, indent=2) + "\n")


def spread(settings: Settings, members: int, updates: int) -> dict[str, float]:
    """Times a sweep with so many members on one device, and with so many on each."""
    count = jax.device_count()
    alone = _seconds(_sweep(settings, members, Layout(1, 1)), updates)
    together = _seconds(_sweep(settings, members * count, Layout(count, 1)), updates)
    return {
        "members on a device": members,
        "seconds an update, one device": alone,
        f"seconds an update, {count} devices": together,
        "member updates/s, one device": members / alone,
        f"member updates/s, {count} devices": members * count / together,
        "times as many": count * alone / together,
    }


def first_update(settings: Settings) -> dict[str, float]:
    """How far the first update of a split run is from that of one device, in float64, relative to
    the largest number of each array."""
    count = jax.device_count()
    environments = -(-settings.learning.environments // count) * count
    learning = dataclasses.replace(settings.learning, environments=environments)
    settings = dataclasses.replace(settings, learning=learning, precision="float32")
    with jax.enable_x64(True), matrix_product_precision("float32"):
        states = []
        for layout in (Layout(1, 1), Layout(1, count)):
            sweep, state = _sweep(settings, 1, layout)
            states.append(sweep.fetch(_numbers(sweep.update(state))))
    distances = jax.tree.leaves(jax.tree.map(_distance, *states))
    return {"environments": environments, "largest difference": max(distances)}


def split(settings: Settings, environments: int, updates: int) -> dict[str, float]:
    """Times updates of one member with its environments on one device, and split over all."""
    count = jax.device_count()
    learning = dataclasses.replace(settings.learning, environments=environments)
    settings = dataclasses.replace(settings, learning=learning)
    alone = _seconds(_sweep(settings, 1, Layout(1, 1)), updates)
    together = _seconds(_sweep(settings, 1, Layout(1, count)), updates)
    return {
        "environments": environments,
        "seconds an update, one device": alone,
        f"seconds an update, {count} devices": together,
        "times as fast": alone / together,
    }


def _sweep(settings: Settings, members: int, layout: Layout) -> tuple[Sweep | SpreadSweep, Any]:
    settings = dataclasses.replace(settings, seeds=members)
    learner, method = build_learner(settings, build_trial(settings)), fastest_member_method()
    if layout.devices == 1:
        sweep = Sweep(learner, method)
    else:
        sweep = SpreadSweep(learner, method, make_mesh(layout), members)
    return sweep, sweep.initialise(jnp.arange(members), build_hyperparameters(settings))


def _seconds(made: tuple[Sweep | SpreadSweep, Any], updates: int) -> float:
    """The median time of an update, after one that compiles."""
    sweep, state = made
    state, _ = jax.block_until_ready(sweep.update(state))
    times = []
    for _ in range(updates):
        start = time.perf_counter()
        state, _ = jax.block_until_ready(sweep.update(state))
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _numbers(updated: tuple[Any, Any]) -> Any:
    """What an update changes, without metrics that are rounding alone."""
    state, metrics = updated
    metrics = {name: value for name, value in metrics.items() if name != "first_log_ratio"}
    return state.agent, state.optimiser, state.rewards, state.collector, metrics


def _distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    if not jnp.issubdtype(ours.dtype, jnp.number):
        return float(np.any(np.asarray(ours != theirs)))
    # Infinite numbers, such as logarithms of beliefs, are right where they are equal.
    differs = np.asarray(ours != theirs)
    if not differs.any():
        return 0.0
    scale = max(float(np.max(np.abs(theirs), initial=0, where=np.isfinite(theirs))), 1e-12)
    apart = np.abs(ours[differs].astype(float) - theirs[differs].astype(float))
    return float(np.max(apart)) / scale


if __name__ == "__main__":
    main()
