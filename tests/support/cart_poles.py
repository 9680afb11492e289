"""Cart poles of random physics: a Gymnasium environment with tasks whose state can be captured."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.classic_control.cartpole import CartPoleEnv


class CartPoles(CartPoleEnv):
    """A task is the length of the pole and the strength of the pushes."""

    episodes = 2
    has_success = True

    def __init__(
        self, max_episode_steps: int = 20, spread: float = 0.5, render_mode: str | None = None
    ):
        super().__init__(render_mode=render_mode)
        self.max_episode_steps = max_episode_steps
        self.spread = spread
        self.steps = 0

    def sample_task(self, generator: np.random.Generator) -> dict[str, Any]:
        half = 1 + self.spread * generator.uniform(-1, 1)
        return {"length": 0.5 * half, "force": 10.0 * (1 + self.spread * generator.uniform(-1, 1))}

    def set_task(self, task: dict[str, Any]) -> None:
        self.length = float(task["length"])
        self.polemass_length = self.masspole * self.length
        self.force_mag = float(task["force"])

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        self.steps = 0
        return super().reset(seed=seed, options=options)

    def step(self, action):
        observation, reward, terminated, truncated, info = super().step(action)
        self.steps += 1
        info["success"] = not terminated and self.steps >= self.max_episode_steps
        return observation, reward, terminated, truncated, info

    def get_state(self) -> dict[str, Any]:
        assert self.state is not None
        beyond = self.steps_beyond_terminated
        return {
            "state": np.array(self.state, float),
            "steps": self.steps,
            "beyond": -1 if beyond is None else beyond,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        self.state = state["state"]
        self.steps = state["steps"]
        self.steps_beyond_terminated = None if state["beyond"] < 0 else state["beyond"]


def wrapped_cart_poles(limit: int = 5) -> gymnasium.Env:
    """The same under the wrappers that `gymnasium.make` adds, with a time limit of their own."""
    wrapped = gymnasium.wrappers.OrderEnforcing(CartPoles(max_episode_steps=50))
    return gymnasium.wrappers.TimeLimit(wrapped, limit)
