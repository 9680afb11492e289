"""Environments whose simulated physics diverge: when they are told to, or now and then."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from support import script, scripted
from support.cart_poles import CartPoles
from support.tiny import Drift

from splagger.environments.environment import Step
from splagger.environments.spaces import Discrete

SHAKY = "support.diverging:Shaky"
"""By this name it is trained in."""
SHAKY_POLES = "support.diverging:ShakyPoles"
"""The same for Gymnasium."""


class Diverging(script.Script):
    """A script with two more actions: 5 diverges, 6 diverges where the task would have ended."""

    may_diverge: ClassVar[bool] = True
    has_success: ClassVar[bool] = True

    @property
    def action_space(self):
        return Discrete(7)

    def sample_task(self, key):
        return jnp.array(0.25)

    def step(self, task, state, action, key):
        diverged = action >= 5
        after, step = super().step(task, state, action, key)
        kept = jax.tree.map(lambda new, old: jnp.where(diverged, old, new), after, state)
        return kept, Step(
            self.observe(task, kept),
            reward=jnp.where(diverged, 0.0, step.reward),
            terminated=jnp.where(diverged, action == 6, step.terminated),
            truncated=step.truncated,
            success=step.success,
            diverged=diverged,
        )


class EndlessDiverging(Diverging):
    """The same, but nothing else cuts it off."""

    truncates: ClassVar[bool] = False


class HostDiverging(scripted.Script):
    """The same, written for Gymnasium."""

    action_space: spaces.Space = spaces.Discrete(7)
    may_diverge = True

    def step(self, action: Any):
        if action < 5:
            return super().step(action)
        info = {"success": False, "diverged": True}
        return self.observation(), 0.0, action == 6, False, info


class Broken(HostDiverging):
    """Where it diverges there are no numbers."""

    def step(self, action: Any):
        observation, reward, terminated, truncated, info = super().step(action)
        if action >= 5:
            observation, reward = np.full_like(observation, np.nan), np.inf
        return observation, reward, terminated, truncated, info


class Denied(HostDiverging):
    """Nobody is told that it may."""

    may_diverge = False


def diverging_rows(num_envs: int) -> VectorEnv:
    """Several of them side by side."""

    class Rows(scripted.SharedTasks):
        may_diverge = True

    mode = AutoresetMode.DISABLED
    return Rows(SyncVectorEnv([HostDiverging] * num_envs, autoreset_mode=mode))


class Shaky(Drift):
    """One step in ten diverges."""

    may_diverge: ClassVar[bool] = True

    def step(self, task, state, action, key):
        diverged = jax.random.bernoulli(jax.random.fold_in(key, 1), 0.1)
        after, step = super().step(task, state, action, key)
        kept = jnp.where(diverged, state, after)
        reward = jnp.where(diverged, 0.0, step.reward)
        return kept, Step(kept[None], reward, step.terminated, diverged=diverged)


class ShakyPoles(CartPoles):
    """One step in ten diverges."""

    may_diverge = True

    def step(self, action):
        if self.np_random.uniform() < 0.1:
            self.steps += 1
            info = {"success": False, "diverged": True}
            return np.array(self.state, np.float32), 0.0, False, False, info
        return super().step(action)
