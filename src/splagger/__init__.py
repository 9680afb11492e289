"""SplAgger: split aggregation for meta-reinforcement learning.

`train` and `resume` make and continue runs, `load` gives a trained agent for any loop,
`evaluate_run` tests a run, `plot_runs` draws it, `watch_run` shows what it does, `write_report`
says what came of runs. jax is imported at first use, not here.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from splagger.environments import Environment, Step, Trial, make_trial
    from splagger.environments.spaces import Box, Discrete
    from splagger.foundation.errors import UserError
    from splagger.foundation.settings import Settings
    from splagger.recipes.recipes import settings_for
    from splagger.reporting.animation.settings import AnimationSettings
    from splagger.reporting.curves import plot_runs
    from splagger.reporting.report.write import write_report
    from splagger.reporting.watch import watch_random, watch_run
    from splagger.training.evaluate_run import evaluate_run
    from splagger.training.train import resume, start_run, train
    from splagger.training.trained_agent import TrainedAgent, load

__version__ = "0.1.0"

_HOMES = {
    "AnimationSettings": "splagger.reporting.animation.settings",
    "Box": "splagger.environments.spaces",
    "Discrete": "splagger.environments.spaces",
    "Environment": "splagger.environments",
    "Settings": "splagger.foundation.settings",
    "Step": "splagger.environments",
    "TrainedAgent": "splagger.training.trained_agent",
    "Trial": "splagger.environments",
    "UserError": "splagger.foundation.errors",
    "evaluate_run": "splagger.training.evaluate_run",
    "load": "splagger.training.trained_agent",
    "make_trial": "splagger.environments",
    "plot_runs": "splagger.reporting.curves",
    "resume": "splagger.training.train",
    "settings_for": "splagger.recipes.recipes",
    "start_run": "splagger.training.train",
    "train": "splagger.training.train",
    "watch_random": "splagger.reporting.watch",
    "watch_run": "splagger.reporting.watch",
    "write_report": "splagger.reporting.report.write",
}

__all__ = [
    "AnimationSettings",
    "Box",
    "Discrete",
    "Environment",
    "Settings",
    "Step",
    "TrainedAgent",
    "Trial",
    "UserError",
    "evaluate_run",
    "load",
    "make_trial",
    "plot_runs",
    "resume",
    "settings_for",
    "start_run",
    "train",
    "watch_random",
    "watch_run",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'splagger' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
