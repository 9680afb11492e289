"""The whole contract of Gymnasium environments, and the part that is cheap."""

import math
from collections.abc import Iterator
from contextlib import closing
from functools import partial

from splagger.environments.contract.explanations import watching
from splagger.environments.contract.findings import Finding, failure, passed, until_failure
from splagger.environments.contract.host.copies import RETURNED, Copy
from splagger.environments.contract.host.episodes import check_copies, check_effect, check_steps
from splagger.environments.contract.host.pictures import check_pictures
from splagger.environments.contract.host.play import play, random_actions
from splagger.environments.contract.host.processes import check_processes
from splagger.environments.contract.host.restoring import CHECK as RESTORING
from splagger.environments.contract.host.restoring import check_restoring
from splagger.environments.contract.host.simulated import EPISODES
from splagger.environments.contract.host.tasks import check_drawing, check_setting
from splagger.environments.contract.host.trials import check_trials
from splagger.environments.host.gymnasium_environment import GymnasiumEnvironment
from splagger.environments.host.host_environment import HostEnvironment
from splagger.environments.spaces import Discrete

_FEW_STEPS = 5
_STARTS = 4
_STEPS_IN_A_WORKER = 50


def check_host_environment(environment: HostEnvironment) -> list[Finding]:
    """Runs a Gymnasium environment through the whole contract, or another one on the host through
    what is not about Gymnasium: what it says, and its trials.

    The checks come in groups: what is known before it is stepped, a worker process, tasks and what
    methods return, episodes, hidden state, trials, restoring, pictures. After a failure the later
    groups are left out. Of a vectorised environment only what it says, its tasks and its trials are
    checked.

    **Returns:** what every check found. Nothing is raised, whatever the environment does.
    """
    if not isinstance(environment, GymnasiumEnvironment):
        return until_failure(environment, (_description, check_trials))
    if environment.vectorised:
        return until_failure(environment, (_description, _drawing, check_trials, _unrestorable))
    groups = (
        _description,
        lambda environment: check_processes(environment, _STEPS_IN_A_WORKER),
        _starts,
        _steps,
        check_copies,
        _effect,
        check_trials,
        _restoring,
        _pictures,
    )
    return until_failure(environment, groups)


def first_look(environment: GymnasiumEnvironment, workers: int) -> list[Finding]:
    """The cheap part of the contract: what an environment says of itself, its tasks, and what its
    methods return in a few steps.

    **Arguments:**

    - `environment`: what is checked.
    - `workers`: how many processes will step it. Where there are any, one makes the first steps, so
        that nothing can end this process that would not end it in training.
    """
    if environment.vectorised:
        trials = partial(check_trials, steps=_FEW_STEPS)
        return until_failure(environment, (_description, _drawing, trials))
    processes = [partial(check_processes, steps=_FEW_STEPS)] if workers else []
    return until_failure(environment, (_description, *processes, _starts))


def _description(environment: HostEnvironment) -> Iterator[Finding]:
    # Spaces and numbers were checked where it was described.
    observations, actions = environment.observation_space, environment.action_space
    low, high = observations.bounds
    bounds = f"{observations.size} numbers from {min(low):g} to {max(high):g}"
    yield passed("spaces", "observation_space", bounds)
    chosen = f"{actions.n} actions" if isinstance(actions, Discrete) else f"{actions.size} numbers"
    yield passed("spaces", "action_space", chosen)
    check = "numbers"
    yield passed(check, "max_episode_steps", str(environment.max_episode_steps))
    count = "not finite, or not counted" if environment.tasks is None else str(environment.tasks)
    yield passed(check, "tasks", count)
    method = "optimal_return"
    with watching(check, method, object):
        value = environment.optimal_return(EPISODES)
    if value is None:
        yield passed(check, method, "not known")
    elif math.isfinite(value):
        yield passed(check, method, f"{value:g} in {EPISODES} episodes")
    else:
        yield failure(
            check,
            method,
            f"optimal_return({EPISODES}) is {value}.",
            "Return a finite number, or None where it is not known.",
        )


def _drawing(environment: GymnasiumEnvironment) -> Iterator[Finding]:
    with closing(Copy(environment)) as first, closing(Copy(environment)) as second:
        yield from check_drawing(environment, first, second)


def _starts(environment: GymnasiumEnvironment) -> Iterator[Finding]:
    yield from _drawing(environment)
    with closing(Copy(environment)) as copy:
        yield from check_setting(copy)
        for seed in range(_STARTS):
            actions = random_actions(environment, seed, _FEW_STEPS)
            for _ in play(copy, copy.draw_task(seed), seed, actions):
                pass
        yield passed(RETURNED, "reset and step", f"right in {_STARTS} starts and a few steps")


def _steps(environment: GymnasiumEnvironment) -> Iterator[Finding]:
    with closing(Copy(environment)) as copy:
        yield from check_steps(environment, copy)


def _effect(environment: GymnasiumEnvironment) -> Iterator[Finding]:
    with closing(Copy(environment)) as copy:
        yield from check_effect(environment, copy)


def _restoring(environment: GymnasiumEnvironment) -> Iterator[Finding]:
    with closing(Copy(environment)) as copy:
        yield from check_restoring(environment, copy)


def _pictures(environment: GymnasiumEnvironment) -> Iterator[Finding]:
    with closing(Copy(environment, pictures=True)) as copy:
        yield from check_pictures(copy)


def _unrestorable(environment: GymnasiumEnvironment) -> Iterator[Finding]:
    # Nothing that its user could change.
    yield passed(RESTORING, "get_state and set_state", environment.restore_obstacle)
