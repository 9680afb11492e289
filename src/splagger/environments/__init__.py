"""Tasks and dynamics: environments as pure functions, trials of several episodes, and names.

An `Environment` draws tasks and steps; a `Trial` makes K episodes of each task out of it; a
specification such as `t-maze-long-noise:length=20` names one. Names are imported at first use:
worker processes of Gymnasium environments get by without jax.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from splagger.environments.entries import EnvironmentEntry, Option
    from splagger.environments.environment import Environment, Step
    from splagger.environments.host.host_environment import HostEnvironment
    from splagger.environments.host.host_trial import HostTrial
    from splagger.environments.registry import (
        EnvironmentSpecification,
        canonical_name,
        entry,
        environment_names,
        make_trial,
    )
    from splagger.environments.spaces import Box, Discrete
    from splagger.environments.t_maze.bayes import bayes_error
    from splagger.environments.t_maze.t_maze import TMaze, TMazeAction, TMazeState, TMazeTask
    from splagger.environments.trial import Trial, TrialState, TrialStep
    from splagger.environments.trial_description import Boundary

_HOMES = {
    "Boundary": "trial_description",
    "Box": "spaces",
    "Discrete": "spaces",
    "Environment": "environment",
    "EnvironmentEntry": "entries",
    "EnvironmentSpecification": "registry",
    "HostEnvironment": "host.host_environment",
    "HostTrial": "host.host_trial",
    "Option": "entries",
    "Step": "environment",
    "TMaze": "t_maze.t_maze",
    "TMazeAction": "t_maze.t_maze",
    "TMazeState": "t_maze.t_maze",
    "TMazeTask": "t_maze.t_maze",
    "Trial": "trial",
    "TrialState": "trial",
    "TrialStep": "trial",
    "bayes_error": "t_maze.bayes",
    "canonical_name": "registry",
    "entry": "registry",
    "environment_names": "registry",
    "make_trial": "registry",
}

__all__ = [
    "Boundary",
    "Box",
    "Discrete",
    "Environment",
    "EnvironmentEntry",
    "EnvironmentSpecification",
    "HostEnvironment",
    "HostTrial",
    "Option",
    "Step",
    "TMaze",
    "TMazeAction",
    "TMazeState",
    "TMazeTask",
    "Trial",
    "TrialState",
    "TrialStep",
    "bayes_error",
    "canonical_name",
    "entry",
    "environment_names",
    "make_trial",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
