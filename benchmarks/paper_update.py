"""Frames per second of training at the paper's settings, beside the matrix products' peak.

    .venv/bin/python benchmarks/paper_update.py [--agent splagger] [--updates 5] [--json FILE]

One member, faithful minibatches (the whole rollout encoded anew for each), float32, evaluation and
compilation not counted. The peak is that of one large product, measured between the updates of the
same run, as machines are shared and their speed drifts; figures of one run compare as ratios. The
suite (`suite.py`) has this and all else side by side.
"""

import argparse
from pathlib import Path

from case import Case, Options
from measuring import describe_machine, in_turn
from rows import write_json

from splagger.training.compilation_cache import enable_compilation_cache


def main() -> None:
    """Measures, prints and saves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", default=Options.environment)
    parser.add_argument("--agent", default=Options.agent)
    parser.add_argument("--recipe", default=Options.recipe)
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--updates", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    enable_compilation_cache()
    options = Options(
        arguments.environment, arguments.agent, arguments.recipe, members=arguments.members
    )
    result = measure(Case(options.settings(), arguments.updates))
    for name, value in result.items():
        print(f"{name:38} {value:,.3g}" if isinstance(value, float) else f"{name:38} {value}")
    write_json(arguments.json, result)


def measure(case: Case) -> dict[str, float | str | int]:
    """Times whole updates and rollouts, and the peak in between; medians."""
    measured = in_turn(
        {"rollout": lambda: case.rollout(case.state), "update": case.updates()}, case.repeats
    )
    seconds, rollout = measured.median("update"), measured.median("rollout")
    work, peak = case.work.operations / case.work.frames, measured.rates.peak
    return {
        "environment": case.settings.environment,
        "agent": case.settings.agent.name,
        "members": case.members,
        "minibatches of": case.settings.learning.minibatch_kind,
        "precision": case.settings.precision,
        **describe_machine(),
        "frames/s, whole update": case.frames / seconds,
        "frames/s, rollout alone": case.frames / rollout,
        "frames/s, without the rollout": case.frames / (seconds - rollout),
        "MFLOP a frame, counted": work / 1e6,
        "peak of matrix products, GFLOP/s": peak / 1e9,
        "frames/s at the peak": peak / work,
        "fraction of the peak": case.frames / seconds * work / peak,
    }


if __name__ == "__main__":
    main()
