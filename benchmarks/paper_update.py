"""Frames per second of training at the paper's settings, beside the matrix products' peak.

    .venv/bin/python benchmarks/paper_update.py [--agent splagger] [--updates 5] [--json FILE]

One member, faithful minibatches (the whole rollout encoded anew for each), float32, evaluation and
compilation not counted. The peak is that of one large product, measured between the updates of the
same run, as machines are shared and their speed drifts; figures of one run compare as ratios.
"""

import argparse
import dataclasses
import json
import platform
import statistics
import time
from pathlib import Path

import jax
import jax.numpy as jnp

from splagger.agent import Networks
from splagger.foundation.settings import Settings
from splagger.learning.rollout import collect
from splagger.learning.sweep import Sweep, fastest_member_method
from splagger.recipes.build import build_hyperparameters, build_learner, build_trial
from splagger.recipes.recipes import settings_for
from splagger.training.compilation_cache import enable_compilation_cache

_PEAK_SIZE = 2048


def main() -> None:
    """Measures, prints and saves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", default="t-maze-long-noise")
    parser.add_argument("--agent", default="splagger")
    parser.add_argument("--recipe", default="paper")
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--updates", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    enable_compilation_cache()
    settings = dataclasses.replace(
        settings_for(arguments.environment, arguments.agent, arguments.recipe),
        seeds=arguments.members,
    )
    result = measure(settings, arguments.updates)
    for name, value in result.items():
        print(f"{name:38} {value:,.3g}" if isinstance(value, float) else f"{name:38} {value}")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


def measure(settings: Settings, updates: int) -> dict[str, float | str | int]:
    """Times `updates` whole updates and rollouts, and the peak in between; medians."""
    learner = build_learner(settings, build_trial(settings))
    sweep = Sweep(learner, fastest_member_method())
    seeds = jnp.asarray([seed for _, seed in settings.members])
    state = sweep.initialise(seeds, build_hyperparameters(settings))

    @jax.jit
    def rollout(state):
        member = jax.tree.map(lambda leaf: leaf[0], state)
        return collect(
            member.agent,
            learner.trial,
            member.collector,
            member.key,
            steps=learner.steps,
            restart_memory=learner.restart_memory,
        )

    start = time.perf_counter()
    state, _ = jax.block_until_ready(sweep.update(state))
    compilation = time.perf_counter() - start
    jax.block_until_ready(rollout(state))
    peaks, whole, collecting = [], [], []
    for _ in range(updates):
        peaks.append(_peak())
        start = time.perf_counter()
        jax.block_until_ready(rollout(state))
        collecting.append(time.perf_counter() - start)
        start = time.perf_counter()
        state, _ = jax.block_until_ready(sweep.update(state))
        whole.append(time.perf_counter() - start)

    frames = learner.frames_per_update
    members = len(settings.members)
    seconds = statistics.median(whole)
    rollout_seconds = statistics.median(collecting)
    work = floating_point_operations(settings, state.agent.networks)
    peak = statistics.median(peaks)
    return {
        "environment": settings.environment,
        "agent": settings.agent.name,
        "members": members,
        "minibatches of": settings.learning.minibatch_kind,
        "precision": settings.precision,
        "device": str(jax.devices()[0]),
        "jax": jax.__version__,
        "machine": platform.processor() or platform.machine(),
        "frames/s, whole update": members * frames / seconds,
        "frames/s, rollout alone": frames / rollout_seconds,
        "frames/s, without the rollout": members * frames / (seconds - members * rollout_seconds),
        "compilation and first update, s": compilation,
        "MFLOP a frame, counted": work / 1e6,
        "peak of matrix products, GFLOP/s": peak / 1e9,
        "frames/s at the peak": peak / work,
        "fraction of the peak": members * frames / seconds * work / peak,
    }


def floating_point_operations(settings: Settings, networks: Networks) -> float:
    """Counts the products' operations for a frame: acting, and all epochs of learning.

    A product counts two operations a weight, and three times as much with its gradients. Element-
    wise operations and attention are not counted.
    """
    members, learning = len(settings.members), settings.learning

    def products(tree) -> float:
        weights = sum(leaf.size for leaf in jax.tree.leaves(tree) if leaf.ndim > 2)
        return 2 * weights / members  # the first dimension is the member's

    encoder = products(networks.sequence_model)
    if settings.agent.embedding.full_transitions:
        encoder += products(networks.sequence_model.embedding.observation)
    policy = products(networks.actor_critic)
    by_steps = learning.minibatch_kind == "time-steps"
    encodings = learning.epochs * (learning.minibatches if by_steps else 1)
    return encoder + policy + 3 * (learning.epochs * policy + encodings * encoder)


def _peak() -> float:
    """Operations per second of one large product: the best of five."""
    matrix = jnp.ones((_PEAK_SIZE, _PEAK_SIZE))
    product = jax.jit(lambda a: a @ a)
    jax.block_until_ready(product(matrix))
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        jax.block_until_ready(product(matrix))
        seconds.append(time.perf_counter() - start)
    return 2 * _PEAK_SIZE**3 / min(seconds)


if __name__ == "__main__":
    main()
