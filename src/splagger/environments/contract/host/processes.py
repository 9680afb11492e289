"""Checks that an environment can be made and stepped in a process of its own, like here."""

from collections.abc import Iterator
from dataclasses import dataclass

from splagger.environments.contract.findings import Breach, Finding, failure, passed
from splagger.environments.contract.host.play import random_actions
from splagger.environments.contract.host.simulated import (
    Steps,
    first_difference,
    play_steps,
    short_trial,
)
from splagger.environments.host.gymnasium_environment import GymnasiumEnvironment
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import (
    DeadWorkerError,
    SimulatorError,
    Simulators,
)

CHECK = "worker processes"
"""The name of these checks."""

_SEED = 5
_LONGEST = 20


def check_processes(environment: GymnasiumEnvironment, steps: int) -> Iterator[Finding]:
    """Plays a few steps in a worker process, and then here, and compares.

    It comes before all else that steps the environment: what ends its process ends only a worker.
    An environment that fails in the same way everywhere is left to checks that say more.

    **Arguments:**

    - `environment`: what is checked, not vectorised.
    - `steps`: how many steps are played.
    """
    trial = short_trial(environment, _LONGEST)
    there = _play(trial, steps, workers=1)
    if isinstance(there, _Failure) and isinstance(there.error, DeadWorkerError):
        raise Breach(
            failure(
                CHECK,
                there.method,
                f"{there.method}: {there.error}",
                "Raise exceptions instead of os._exit and sys.exit; where a native library crashes "
                "run a few steps under python -X faulthandler.",
            )
        )
    here, again = (_play(trial, steps, workers=0) for _ in range(2))
    if isinstance(here, _Failure):
        return
    if isinstance(there, _Failure):
        raise Breach(
            failure(
                CHECK,
                there.method,
                f"in a worker process, but not in this one, {there.error}",
                "Keep all that the environment needs in modules that workers can import, not in "
                "what was changed since, nor in what only one process may have.",
            )
        )
    if isinstance(again, _Failure) or first_difference(here, again):
        return
    if difference := first_difference(here, there):
        before, what = difference
        raise Breach(
            failure(
                CHECK,
                "reset and step",
                f"in a worker process the same seed and actions gave another {what} in step "
                f"{before + 1} of reset and step.",
                "Use nothing that differs between processes: changed variables of modules, "
                "hash(), the order of sets, process ids, the time.",
            )
        )
    yield passed(CHECK, "reset and step", f"the same results in {steps} steps")


@dataclass(frozen=True)
class _Failure:
    method: str
    error: SimulatorError


def _play(trial: HostTrial, steps: int, workers: int) -> Steps | _Failure:
    actions = random_actions(trial.environment, _SEED, steps)[:, None]
    simulators: Simulators | None = None
    method = "__init__"
    try:
        simulators = trial.simulators([_SEED], workers=workers)
        method = "reset"
        simulators.reset()
        method = "step"
        return play_steps(simulators, actions)
    except SimulatorError as error:
        return _Failure(method, error)
    finally:
        if simulators is not None:
            simulators.close()
