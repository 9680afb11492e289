"""Gymnasium environments that lack something, have too much, or are made in unusual ways."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from support.cart_poles import CartPoles
from support.scripted import Script, scripts


class NoLimit(Script):
    def __init__(self, size: int = 1):
        super().__init__()
        self.size = size
        del self.max_episode_steps


class Numbered(Script):
    """Three tasks by number; its best return is known."""

    episodes = 3
    tasks = 3

    def sample_task(self, generator) -> Any:
        return {"number": int(generator.integers(self.tasks)), "bias": np.zeros((2, 1))}

    def set_task(self, task: Any):
        super().set_task(float(task["number"]))

    def task_index(self, task):
        return task["number"]

    def optimal_return(self, episodes):
        return 2 * episodes


class Unnumbered(Script):
    tasks = 3


class ListsTasks(Script):
    tasks = ("reach", "push")  # not a count


class Half(Script):
    """Draws tasks without taking any."""

    set_task = None  # pyright: ignore[reportAssignmentType]


class Speaks(Script):
    action_space = spaces.Text(3)


class Hears(Script):
    observation_space = spaces.Dict({"words": spaces.Text(3)})  # pyright: ignore


class WholeSteps(Script):
    action_space = spaces.Box(0, 9, (1,), np.int64)


class Unlucky(Script):
    def __init__(self):
        raise OSError("no display")


class Wild(CartPoles):
    """Draws from a generator of another kind."""

    def __init__(self):
        super().__init__()
        self.np_random = np.random.Generator(np.random.MT19937(0))


class Started(Script):
    """Its actions do not begin at 0."""

    action_space = spaces.Discrete(3, start=-1)


class TellsSuccessLate(CartPoles):
    """Says only in an episode's last step whether it was a success."""

    def step(self, action):
        observation, reward, terminated, truncated, info = super().step(action)
        if not terminated and self.steps < self.max_episode_steps:
            del info["success"]
        return observation, reward, terminated, truncated, info


class Remembers(gymnasium.Wrapper):
    pass


def remembering() -> gymnasium.Env:
    return Remembers(CartPoles())


def squashed() -> gymnasium.Env:
    return gymnasium.wrappers.TransformReward(CartPoles(), lambda reward: 0.5 * float(reward))


def registered() -> gymnasium.Env:
    return gymnasium.make("CartPole-v1")


def number() -> int:
    return 3


def too_many() -> VectorEnv:
    return scripts(2)


def resetting(num_envs: int) -> VectorEnv:
    return scripts(num_envs, "SameStep")


def no_vector(num_envs: int) -> gymnasium.Env:
    return Script(limit=num_envs)


def fixed(num_envs: int) -> VectorEnv:
    return SyncVectorEnv([NoLimit] * 3, autoreset_mode=AutoresetMode.DISABLED)
