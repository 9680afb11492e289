"""Tasks and dynamics: environments as pure functions, trials of several episodes, and names.

An `Environment` draws tasks and steps; a `Trial` makes K episodes of each task out of it; a
specification such as `t-maze-long-noise:length=20` names one.
"""

from splagger.environments.entries import EnvironmentEntry, Option
from splagger.environments.environment import Environment, Step
from splagger.environments.gymnax_adapter import GymnaxEnvironment
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

__all__ = [
    "Boundary",
    "Box",
    "Discrete",
    "Environment",
    "EnvironmentEntry",
    "EnvironmentSpecification",
    "GymnaxEnvironment",
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
