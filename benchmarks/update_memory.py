"""Bytes that one compiled update needs, and what a member, an environment and a step add.

    .venv/bin/python benchmarks/update_memory.py [--environments 16] [--steps 700] [--members 1]
        [--minibatch-kind environments] [--minibatches 4] [--gradient-steps 100] [--at-once 10]

Nothing is run: the program is compiled for shapes, and the compiler says what it would allocate.
`temporary` is what it holds besides the state, which is updated in place where that is possible.
"""

import argparse
import dataclasses
import time

import jax
import jax.numpy as jnp

from splagger.foundation.settings import Settings
from splagger.learning.sweep import MemberMethod, over_members
from splagger.recipes.build import build_hyperparameters, build_learner, build_trial
from splagger.recipes.recipes import settings_for
from splagger.training.compilation_cache import enable_compilation_cache


def main() -> None:
    """Compiles and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", default="t-maze-long-noise")
    parser.add_argument("--agent", default="splagger")
    parser.add_argument("--recipe", default="paper")
    parser.add_argument("--environments", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--minibatches", type=int)
    parser.add_argument("--minibatch-kind")
    parser.add_argument("--gradient-steps", type=int)
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--at-once", type=int)
    arguments = parser.parse_args()
    enable_compilation_cache()
    settings = settings_for(arguments.environment, arguments.agent, arguments.recipe)
    names = ("environments", "steps", "minibatches", "minibatch_kind", "gradient_steps")
    given = {name: getattr(arguments, name) for name in names}
    changes = {name: value for name, value in given.items() if value is not None}
    learning = dataclasses.replace(settings.learning, **changes)
    settings = dataclasses.replace(
        settings,
        learning=learning,
        frames=learning.environments * learning.steps,
        seeds=arguments.members,
    )
    print(f"{settings.agent.name}, {settings.environment}, {changes}, members {arguments.members}")
    for name, value in measure(settings, "vectorised", arguments.at_once).items():
        print(f"{name:24} {value:,.1f}")


def measure(settings: Settings, method: MemberMethod, at_once: int | None) -> dict[str, float]:
    """Megabytes of one update of all members, and the seconds of its compilation."""
    learner = build_learner(settings, build_trial(settings))
    seeds = jnp.asarray([seed for _, seed in settings.members])
    numbers = build_hyperparameters(settings)
    state = jax.eval_shape(over_members(learner.initialise, "in-turn"), seeds, numbers)
    update = jax.jit(over_members(learner.update, method, at_once), donate_argnums=0)
    start = time.perf_counter()
    compiled = update.lower(state).compile()
    seconds = time.perf_counter() - start
    sizes = compiled.memory_analysis()
    assert sizes is not None
    return {
        "state, MB": sizes.argument_size_in_bytes / 1e6,
        "not in place, MB": (sizes.output_size_in_bytes - sizes.alias_size_in_bytes) / 1e6,
        "temporary, MB": sizes.temp_size_in_bytes / 1e6,
        "compilation, s": seconds,
    }


if __name__ == "__main__":
    main()
