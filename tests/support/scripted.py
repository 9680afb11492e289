"""Environments whose actions say what happens, written for Gymnasium."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv


class Script(gymnasium.Env):
    """Actions are what happens: 0 nothing, 1 terminated, 2 truncated, 3 both, 4 success.

    The observation is the task, the steps of the episode, and the episodes of the trial before it.
    The task is constant unless `random`.
    """

    observation_space = spaces.Box(-np.inf, np.inf, (3,), np.float32)
    action_space: spaces.Space = spaces.Discrete(5)
    has_success = True

    def __init__(self, limit: int = 4, random: bool = False):
        self.max_episode_steps = limit
        self.random = random
        self.task = 0.0
        self.steps = self.episodes = 0

    def sample_task(self, generator: np.random.Generator) -> Any:
        return float(generator.uniform()) if self.random else 0.25

    def set_task(self, task: float) -> None:
        self.task, self.episodes = task, -1

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        super().reset(seed=seed)
        self.steps = 0
        self.episodes += 1
        return self.observation(), {}

    def step(self, action: Any):
        self.steps += 1
        reward = 10.0 * self.episodes + self.steps
        terminated, truncated = action in (1, 3, 4), action in (2, 3)
        info = {"success": action == 4}
        return self.observation(), reward, terminated, truncated, info

    def observation(self):
        return np.array([self.task, self.steps, self.episodes], np.float32)


class Drawn(Script):
    """Its picture shows the steps and the episodes, as red and green."""

    def __init__(self, limit: int = 4, random: bool = False, render_mode: str | None = None):
        super().__init__(limit, random)
        self.render_mode = render_mode

    def render(self) -> Any:
        return np.full((2, 4, 3), (self.steps, self.episodes, 7), np.uint8)


class SharedTasks(gymnasium.vector.VectorWrapper):
    """Gives every environment of a vectorised one a task of its own."""

    max_episode_steps = 4
    has_success = True

    def sample_task(self, generator: np.random.Generator) -> float:
        return 0.25

    def set_tasks(self, tasks: list[float], mask: np.ndarray) -> None:
        assert isinstance(self.env, SyncVectorEnv)
        for environment, task, chosen in zip(self.env.envs, tasks, mask, strict=True):
            if chosen:
                environment.unwrapped.set_task(task)  # pyright: ignore[reportAttributeAccessIssue]


def scripts(num_envs: int, mode: str = "Disabled") -> VectorEnv:
    """Scripts side by side."""
    return SharedTasks(SyncVectorEnv([Script] * num_envs, autoreset_mode=AutoresetMode(mode)))


class Plain(gymnasium.Env):
    """No tasks, no state, nothing optional; its spaces are structured."""

    observation_space = spaces.Dict(
        {"where": spaces.Discrete(3, start=1), "what": spaces.Box(-1.0, 1.0, (2, 2))}
    )
    action_space = spaces.Box(-1.0, 1.0, (2, 1))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        super().reset(seed=seed)
        return {"where": 1, "what": np.zeros((2, 2), np.float32)}, {}

    def step(self, action: Any):
        assert action.shape == (2, 1)
        assert action.dtype == np.float32
        what = np.concatenate([action, np.full((2, 1), self.np_random.uniform())], 1)
        return {"where": 3, "what": what}, action.sum(), False, False, {}


def plain(limit: int = 3) -> gymnasium.Env:
    """With a time limit."""
    return gymnasium.wrappers.TimeLimit(Plain(), limit)


class Broken(Script):
    """Does what the option says, at the third step of an episode or the start of the second."""

    def __init__(self, how: str = "raise"):
        super().__init__()
        self.how = how

    def step(self, action: Any) -> Any:
        observation, reward, terminated, truncated, info = super().step(action)
        if self.steps == 3:
            if self.how == "raise":
                raise RuntimeError("the gripper\nbroke")
            if self.how == "library":
                np.zeros((2,)).reshape(3)
            if self.how == "exit":
                raise SystemExit(3)
            if self.how == "reward":
                reward = float("nan")
            if self.how == "observation":
                observation = observation * np.inf
            if self.how == "shape":
                observation = observation[:2]
            if self.how == "four":
                return observation, reward, terminated, info
            if self.how == "success":
                return observation, reward, True, False, {}
        return observation, reward, terminated, truncated, info

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        observation, info = super().reset(seed=seed)
        if self.how == "reset" and self.episodes == 1:
            observation[0] = np.nan
        return observation, info
