"""Steps per second of walking bodies with random actions, on either simulator.

    .venv/bin/python benchmarks/physics_steps.py [--environments NAME ...] [--simulator native|mjx]
        [--solver model|fast] [--batch 16] [--steps 500] [--threads N] [--repeats 5] [--json FILE]

A step is one of the environment: some physics steps, the observation, the reward, and the next
episode or trial where one ends. Native MuJoCo runs in threads, as many as there are processor cores
unless said otherwise; MJX in one compiled scan over the batch, whose compilation is not counted.
Medians.
"""

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from environment_steps import measure_steps
from measuring import Measured, describe_machine, in_turn
from rows import write_json

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.registry import make_trial
from splagger.environments.spaces import Box
from splagger.learning.host_workers import workers_for


def main() -> None:
    """Measures, prints and saves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", nargs="+", default=["half-cheetah-direction"])
    parser.add_argument("--simulator", choices=("native", "mjx"), default="native")
    parser.add_argument("--solver", choices=("model", "fast"), default="model")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    speeds, seconds, threads = {}, {}, 0
    for name in arguments.environments:
        text = f"{name}:simulator={arguments.simulator},solver={arguments.solver}"
        start = time.perf_counter()
        # With trust the type says that it may be simulated on the host.
        trial = make_trial(text, trust=True)
        sizes = (arguments.batch, arguments.steps, arguments.repeats)
        if isinstance(trial, HostTrial):
            threads = workers_for(trial, arguments.batch, arguments.threads)
            measured = measure_on_host(trial, *sizes, threads)
        else:
            measured = measure_steps({"it": trial}, *sizes)
        speeds[name] = arguments.batch * arguments.steps / measured.median("it")
        seconds[name] = time.perf_counter() - start
        print(f"{name:40} {speeds[name]:12,.0f} steps/s")
    result = {
        **describe_machine(),
        "mujoco": version("mujoco"),
        "simulated_on": "device" if arguments.simulator == "mjx" else "processor",
        "simulator": arguments.simulator,
        "solver": arguments.solver,
        "batch": arguments.batch,
        "threads": threads,
        "steps_per_second": speeds,
        "seconds_of_all": seconds,
    }
    print(json.dumps(result))
    write_json(arguments.json, result)


def measure_on_host(
    trial: HostTrial, batch: int, steps: int, repeats: int, threads: int
) -> Measured:
    """Times so many steps of a batch of simulators in threads."""
    generator = np.random.default_rng(0)
    assert isinstance(trial.action_space, Box)
    actions = generator.uniform(-1, 1, (steps, batch, trial.action_space.size))
    actions = actions.astype(np.float32)
    simulators = trial.simulators(range(batch), workers=threads)
    simulators.reset()

    def call() -> None:
        for action in actions:
            simulators.send(action)
            simulators.receive()

    measured = in_turn({"it": call}, repeats)
    simulators.close()
    return measured


if __name__ == "__main__":
    main()
