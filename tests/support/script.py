"""An environment in which actions are what happens."""

import equinox as eqx
import jax
import jax.numpy as jnp

from splagger.environments.environment import Environment, Step
from splagger.environments.spaces import Box, Discrete


class Script(Environment):
    """Actions are what happens: 0 nothing, 1 terminated, 2 truncated, 3 both, 4 success.

    A task is a random number, the state counts steps and the episodes of the trial, and the
    observation is the task, the steps, and the episodes.
    """

    limit: int = eqx.field(default=6, static=True)

    @property
    def observation_space(self):
        return Box(-jnp.inf, jnp.inf, (3,))

    @property
    def action_space(self):
        return Discrete(5)

    @property
    def max_episode_steps(self):
        return self.limit

    def sample_task(self, key):
        return jax.random.uniform(key)

    def reset(self, task, state, key):
        episodes = jnp.zeros((), int) if state is None else state[1] + 1
        state = (jnp.zeros((), int), episodes)
        return state, self.observe(task, state)

    def step(self, task, state, action, key):
        state = (state[0] + 1, state[1])
        return state, Step(
            self.observe(task, state),
            reward=10.0 * state[1] + state[0],
            terminated=(action == 1) | (action >= 3),
            truncated=(action == 2) | (action == 3),
            success=action == 4,
        )

    def observe(self, task, state):
        return jnp.stack([task, state[0].astype(float), state[1].astype(float)])

    def task_vector(self, task, state):
        return task[None]
