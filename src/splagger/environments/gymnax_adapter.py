"""Environments of gymnax, whose parameters become tasks."""

import abc
import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from splagger.environments.environment import Environment, Step
from splagger.environments.spaces import Box, Discrete
from splagger.foundation.errors import UserError


class GymnaxEnvironment(Environment[Any, Any]):
    """A game of gymnax 1.0 with a distribution over its parameters. Subclass it:

        class CartPoles(GymnaxEnvironment):
            game_name = "CartPole-v1"

            def draw_parameters(self, key, parameters):
                length = jax.random.uniform(key, minval=0.3, maxval=1.5)
                return parameters.replace(
                    length=length, polemass_length=parameters.masspole * length
                )

    A task is a game's parameters, a state is a game's state. Observations are flattened, discrete
    ones become one-hot. Where an episode ends, nothing begins by itself: `Trial` does that. The
    spaces and the time limit are those of the default parameters, so override `observation_space`,
    `action_space` or `max_episode_steps` where the drawn ones need larger ones. Override
    `task_vector` for agents that are told the task.

    **Raises:** `UserError` where gymnax is not installed, does not know the game, or where the
    game's observations or actions are neither a `Box` nor `Discrete`.
    """

    # Type checkers take equinox's declaration for a field.
    if TYPE_CHECKING:
        game_name: ClassVar[str]
        """Name by which gymnax makes the game, such as `CartPole-v1`."""
    else:
        game_name: eqx.AbstractClassVar[str]
    game_arguments: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Keyword arguments with which it makes the game."""

    @abc.abstractmethod
    def draw_parameters(self, key: Key[Array, ""], parameters: Any) -> Any:
        """Draws a task.

        **Arguments:**

        - `key`: for all that is random.
        - `parameters`: the game's default ones, a record of numbers with the method `replace`.

        **Returns:** parameters. Where one follows from others, as a total mass does, it has to be
        replaced with them.
        """

    @property
    def game(self) -> Any:
        """The game, made by gymnax."""
        try:
            gymnax = importlib.import_module("gymnax")
        except ImportError as error:
            raise UserError(
                f"the game '{self.game_name}' needs gymnax, which cannot be imported ({error}): "
                "pip install 'splagger[gymnax]'."
            ) from error
        try:
            # Numbers also where methods are traced: spaces and parameters are no part of a program.
            with jax.ensure_compile_time_eval():
                game, _ = gymnax.make(self.game_name, **self.game_arguments)
        except (TypeError, ValueError) as error:
            raise UserError(f"gymnax cannot make the game '{self.game_name}': {error}.") from error
        if not hasattr(game, "is_truncated"):
            raise UserError(
                f"the game '{self.game_name}' is of a gymnax before 1.0, which is needed to tell "
                "time limits from other ends: pip install 'splagger[gymnax]'."
            )
        return game

    @property
    def observation_space(self) -> Box:
        """The game's, flattened; without bounds where gymnax writes the largest number."""
        space = _space(self.game, "observation_space")
        if _is_discrete(space):
            return Box(0.0, 1.0, (int(space.n),))
        return self._box(space, "observations")

    @property
    def action_space(self) -> Box | Discrete:
        """The game's, flattened."""
        space = _space(self.game, "action_space")
        if _is_discrete(space):
            return Discrete(int(space.n))
        return self._box(space, "actions")

    @property
    def max_episode_steps(self) -> int:
        """The time limit of the default parameters."""
        return int(self.game.default_params.max_steps_in_episode)

    def sample_task(self, key: Key[Array, ""]) -> Any:
        drawn = self.draw_parameters(key, self.game.default_params)
        return jax.tree.map(jnp.asarray, drawn)

    def reset(
        self, task: Any, state: Any, key: Key[Array, ""]
    ) -> tuple[Any, Float[Array, "observation"]]:
        del state
        game = self.game
        observation, start = game.reset_env(key, task)
        return jax.tree.map(jnp.asarray, start), _vector(game, observation)

    def step(self, task: Any, state: Any, action: Array, key: Key[Array, ""]) -> tuple[Any, Step]:
        game = self.game
        space = _space(game, "action_space")
        # `step_env`, as gymnax's `step` would go on with the next episode.
        observation, after, reward, terminated, _ = game.step_env(
            key, state, action.astype(space.dtype).reshape(space.shape), task
        )
        # Games begin some counters as Python's numbers.
        after = jax.tree.map(lambda new, old: jnp.asarray(new, old.dtype), after, state)
        return after, Step(
            observation=_vector(game, observation),
            reward=jnp.reshape(reward, ()),
            terminated=jnp.reshape(terminated, ()),
            truncated=jnp.reshape(game.is_truncated(after, task), ()),
        )

    def _box(self, space: Any, kind: str) -> Box:
        if not (hasattr(space, "low") and hasattr(space, "high")):
            raise UserError(
                f"{kind} of the game '{self.game_name}' are {space}, but they must be a Box or "
                "Discrete."
            )
        size = int(np.prod(space.shape))
        return Box(_bounds(space.low, space.shape), _bounds(space.high, space.shape), (size,))


def _space(game: Any, kind: str) -> Any:
    with jax.ensure_compile_time_eval():
        return getattr(game, kind)(game.default_params)


def _is_discrete(space: Any) -> bool:
    return hasattr(space, "n")


def _bounds(bound: Any, shape: tuple[int, ...]) -> tuple[float, ...]:
    with jax.ensure_compile_time_eval():
        numbers = np.broadcast_to(np.asarray(bound, dtype=float), shape).ravel()
    # gymnax writes the largest number of 32 bits where there is no bound.
    unbounded = np.abs(numbers) >= np.finfo(np.float32).max
    return tuple(np.where(unbounded, np.copysign(np.inf, numbers), numbers).tolist())


def _vector(game: Any, observation: Any) -> Float[Array, "observation"]:
    space = _space(game, "observation_space")
    if _is_discrete(space):
        return jax.nn.one_hot(observation, space.n, dtype=float)
    return jnp.asarray(observation, dtype=float).ravel()
