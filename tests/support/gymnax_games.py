"""Games of gymnax with tasks. Importing this needs no gymnax."""

from typing import Any

import jax
import jax.numpy as jnp

from splagger.environments.gymnax_adapter import GymnaxEnvironment


class CartPoles(GymnaxEnvironment):
    """Poles of different lengths, for a short while."""

    game_name = "CartPole-v1"

    @property
    def max_episode_steps(self) -> int:
        return 24

    def draw_parameters(self, key: Any, parameters: Any) -> Any:
        length = jax.random.uniform(key, minval=0.2, maxval=2.0)
        return parameters.replace(
            length=length,
            polemass_length=parameters.masspole * length,
            max_steps_in_episode=self.max_episode_steps,
        )

    def task_vector(self, task: Any, state: Any) -> Any:
        return task.length[None]


class Pendulums(GymnaxEnvironment):
    """Pendulums under different gravities: continuous actions."""

    game_name = "Pendulum-v1"

    def draw_parameters(self, key: Any, parameters: Any) -> Any:
        return parameters.replace(g=jax.random.uniform(key, minval=5.0, maxval=15.0))


class Lakes(GymnaxEnvironment):
    """Frozen lakes, more or less slippery: observations are one of a few states."""

    game_name = "FrozenLake-misc"

    def draw_parameters(self, key: Any, parameters: Any) -> Any:
        return jax.tree.map(jnp.asarray, parameters)


class Unknown(CartPoles):
    """A game that gymnax does not have."""

    game_name = "CartPole-v0"
