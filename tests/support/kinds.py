"""An environment with two kinds of tasks of known success, where successes are short."""

import gymnasium
import numpy as np
from gymnasium import spaces

from splagger.environments.host.simulators import HostStart, HostStep
from splagger.learning.host_evaluation import HostActors

CHANCES = {"easy": 0.8, "hard": 0.2}
"""The probability that an episode succeeds, by the kind of task, whatever is done."""


class Kinds(gymnasium.Env):
    """A success ends an episode after one step, a failure lasts 20. Most tasks are easy."""

    episodes = 2
    has_success = True
    max_episode_steps = 20
    task_groups = tuple(CHANCES)
    observation_space = spaces.Box(-1, 1, (1,), np.float32)
    action_space = spaces.Discrete(2)

    def sample_task(self, generator: np.random.Generator) -> int:
        return int(generator.random() > 0.9)

    def set_task(self, task: int) -> None:
        self.task = task

    def task_group(self, task: int) -> int:
        return task

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self.succeeds = bool(self.np_random.random() < list(CHANCES.values())[self.task])
        self.steps = 0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.steps += 1
        cut_off = not self.succeeds and self.steps >= 20
        reward = float(self.steps == 1)
        return np.zeros(1, np.float32), reward, self.succeeds, cut_off, {"success": self.succeeds}


class Unkind(Kinds):
    """Tasks of the second kind do not come up."""

    def sample_task(self, generator: np.random.Generator) -> int:
        return 0


class Groupless(Kinds):
    """Nobody can say which kind a task is of."""

    task_group = None  # pyright: ignore[reportAssignmentType]


class Still(HostActors):
    """Always the same actions."""

    def __init__(self, action: np.ndarray):
        self.action = action

    def begin(self, start: HostStart) -> np.ndarray:
        return np.tile(self.action, (len(start.observation), *[1] * self.action.ndim))

    def advance(self, result: HostStep) -> np.ndarray:
        return np.tile(self.action, (len(result.observation), *[1] * self.action.ndim))
