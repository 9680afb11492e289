"""How many processes or threads it takes to step simulators on the host."""

import functools
import os
import time

import numpy as np

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import Simulators
from splagger.environments.spaces import Discrete

WORTHWHILE = 1e-4
"""Seconds of a step from which on workers pay. Handing a step to a worker and back takes about as
long, whatever the environment does in it."""

_STEPS = 20
_PATIENCE = 0.2


def workers_for(trial: HostTrial, simulators: int, wanted: int | None) -> int:
    """How many workers to use.

    **Arguments:**

    - `trial`: what is simulated. Where `wanted` is None, one simulator is made and measured.
    - `simulators`: how many of them; there are never more workers.
    - `wanted`: what the user asks for; None for as many as pay: none for cheap steps and for
        environments that nothing steps side by side, else one a processor core. Threads always
        pay: they take what they are handed at once.

    **Raises:** `SimulatorError` where the simulator fails.
    """
    if wanted is not None:
        return min(wanted, simulators)
    parallel = trial.environment.parallel
    if parallel == "none" or (parallel == "processes" and step_seconds(trial) < WORTHWHILE):
        return 0
    return min(_cores(), simulators)


@functools.cache
def step_seconds(trial: HostTrial) -> float:
    """The median duration of some steps of one simulator, in seconds; measured once."""
    simulator = trial.simulators([0], workers=0)
    try:
        return _measure(simulator, trial)
    finally:
        simulator.close()


def _measure(simulator: Simulators, trial: HostTrial) -> float:
    if isinstance(trial.action_space, Discrete):
        action = np.zeros(1, np.int32)
    else:
        action = np.zeros((1, trial.action_space.size), np.float32)
    simulator.reset()
    durations: list[float] = []
    while len(durations) < _STEPS and sum(durations) < _PATIENCE:
        start = time.perf_counter()
        simulator.send(action)
        simulator.receive()
        durations.append(time.perf_counter() - start)
    return float(np.median(durations))


def _cores() -> int:
    """The processor cores that this process may use."""
    # Linux alone knows; it matters where several processes share a machine.
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
