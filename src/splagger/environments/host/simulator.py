"""One Gymnasium environment with its tasks, its randomness and its state."""

from typing import Any

import numpy as np
from gymnasium.wrappers import TimeLimit
from jaxtyping import Float32, UInt8, UInt32

from splagger.environments.host.failures import exception_failure, result_failure
from splagger.environments.host.flattening import action_reader, observation_flattener
from splagger.environments.host.maker import EnvironmentMaker
from splagger.environments.host.protocol import attribute, layers
from splagger.environments.host.task_reading import task_index, task_vector
from splagger.environments.host.trial_rules import TrialRules
from splagger.environments.host.words import (
    generator_words,
    layout,
    pack,
    set_generator,
    unpack,
)

_SEEDS = 2**31
_MOST_DRAWS = 100_000


class Simulator:
    """One environment. It begins trials and episodes when it is told to, and counts nothing.

    The seed makes one generator, which seeds the environment, at its first reset and never again,
    and draws the tasks.

    **Raises:** every method raises `SimulatorError` where the environment's own fails.
    """

    vector: Float32[np.ndarray, " task"]
    """The task as numbers."""
    index: int
    """Which task it is, 0 where they are not finite."""

    def __init__(
        self,
        maker: EnvironmentMaker,
        rules: TrialRules,
        seed: int,
        row: int = 0,
        *,
        group: int | None = None,
        pictures: bool = False,
    ):
        """Makes the environment.

        **Arguments:**

        - `maker`: makes it.
        - `rules`: of its trials.
        - `seed`: decides tasks and dynamics, 0 to 2^32 - 1.
        - `row`: its number, for messages.
        - `group`: which of the `task_groups` its tasks are in; None for any.
        - `pictures`: whether `render` must work.
        """
        self._rules = rules
        self._group = group
        self._name = f"simulator {row}"
        self._generator = np.random.Generator(np.random.PCG64(seed))
        self._seed: int | None = int(self._generator.integers(_SEEDS))
        self._task: Any = None
        self._layout: Any = None
        self._info: dict = {}
        self.vector, self.index = np.zeros(rules.task_size, np.float32), 0
        try:
            self._environment = maker(pictures=pictures)
        except Exception as error:
            raise exception_failure(self._name, "making the environment", error) from error
        self._step = self._environment.step
        self._flatten = observation_flattener(self._environment.observation_space)
        self._action = action_reader(self._environment.action_space)
        self._sample_task = attribute(self._environment, "sample_task")
        self._limits = [
            layer for layer in layers(self._environment) if isinstance(layer, TimeLimit)
        ]

    def new_trial(self) -> Float32[np.ndarray, " observation"]:
        """Draws a task and begins its first episode; returns the first observation."""
        if self._sample_task is not None:
            self._set_task(self._draw(self._sample_task))
        return self.new_episode()

    def new_episode(self) -> Float32[np.ndarray, " observation"]:
        """Begins another episode of the same task; returns the first observation."""
        try:
            result = self._environment.reset(seed=self._seed)
        except Exception as error:
            raise exception_failure(self._name, "reset", error) from error
        self._seed = None
        try:
            observation, _ = result
            return self._flatten(observation)
        except Exception as error:
            raise result_failure(self._name, "reset", _misfit(error, "two values")) from error

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool]:
        """Makes one step; returns observation, reward, terminated and truncated."""
        try:
            result = self._step(self._action(action))
        except Exception as error:
            raise exception_failure(self._name, "step", error) from error
        try:
            observation, reward, terminated, truncated, self._info = result
            return self._flatten(observation), float(reward), bool(terminated), bool(truncated)
        except Exception as error:
            raise result_failure(self._name, "step", _misfit(error, "five values")) from error

    def success(self) -> bool:
        """Whether the episode that the last step ended was a success."""
        for name in ("success", "is_success"):
            if name in self._info:
                return bool(self._info[name])
        raise result_failure(
            self._name,
            "step",
            "an info without success or is_success at an episode's end, though has_success is true",
        )

    def diverged(self) -> bool:
        """Whether the last step's `info` says that the simulated physics failed in it."""
        return bool(self._info.get("diverged", False))

    def render(self) -> UInt8[np.ndarray, "height width 3"] | None:
        """A picture of the environment's state; None where it makes none."""
        if self._environment.render_mode is None:
            return None
        try:
            picture = self._environment.render()
        except Exception as error:
            raise exception_failure(self._name, "render", error) from error
        array = np.asarray(picture[-1] if isinstance(picture, list) and picture else picture)
        coloured = array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] == 3
        return array if coloured else None

    def capture(self) -> UInt32[np.ndarray, " word"]:
        """Everything that decides the future, after the first reset."""
        captured = self._captured()
        found = layout(captured)
        if self._layout is None:
            self._layout = found
        if found != self._layout:
            raise result_failure(
                self._name, "get_state", "arrays of another structure, shape or dtype than before"
            )
        return pack(captured)

    def restore(self, words: UInt32[np.ndarray, " word"]) -> None:
        """Puts the simulator into a captured state."""
        if self._seed is not None:
            self.new_trial()
        try:
            captured = unpack(words, self._captured())
        except ValueError as error:
            raise result_failure(
                self._name, "get_state", f"other arrays than those to restore: {error}"
            ) from error
        if self._sample_task is not None:
            self._set_task(captured["task"])
        self.new_episode()
        try:
            attribute(self._environment, "set_state")(captured["state"])
        except Exception as error:
            raise exception_failure(self._name, "set_state", error) from error
        for limit, elapsed in zip(self._limits, captured["elapsed"], strict=True):
            limit._elapsed_steps = elapsed
        set_generator(self._environment.unwrapped.np_random, captured["environment_generator"])
        set_generator(self._generator, captured["generator"])

    def close(self) -> None:
        """Closes the environment."""
        self._environment.close()

    def _draw(self, sample_task: Any) -> Any:
        """A task, of the wanted group if there is one: of that it has the distribution that the
        environment's own tasks have in it."""
        for _ in range(_MOST_DRAWS):
            try:
                task = sample_task(self._generator)
            except Exception as error:
                raise exception_failure(self._name, "sample_task", error) from error
            if self._group is None:
                return task
            try:
                group = int(attribute(self._environment, "task_group")(task))
            except Exception as error:
                raise exception_failure(self._name, "task_group", error) from error
            if group == self._group:
                return task
        raise result_failure(
            self._name, "sample_task", f"no task of group {self._group} in {_MOST_DRAWS:,} draws"
        )

    def _set_task(self, task: Any) -> None:
        try:
            attribute(self._environment, "set_task")(task)
        except Exception as error:
            raise exception_failure(self._name, "set_task", error) from error
        self._task = task
        try:
            self.vector = task_vector(self._environment, task)
            self.index = task_index(self._environment, task, self._rules.tasks)
        except Exception as error:
            raise exception_failure(self._name, "task_vector or task_index", error) from error
        if self.vector.shape != (self._rules.task_size,) or not np.isfinite(self.vector).all():
            raise result_failure(
                self._name,
                "sample_task",
                f"a task that is not {self._rules.task_size} finite numbers, as the first was",
            )

    def _captured(self) -> dict[str, Any]:
        try:
            state = attribute(self._environment, "get_state")()
            layout(state)
        except Exception as error:
            raise exception_failure(self._name, "get_state", error) from error
        return {
            "task": self._task,
            "state": state,
            "elapsed": [int(limit._elapsed_steps or 0) for limit in self._limits],
            "environment_generator": generator_words(self._environment.unwrapped.np_random),
            "generator": generator_words(self._generator),
        }


def _misfit(error: Exception, values: str) -> str:
    return (
        f"something other than the {values} of Gymnasium's interface, an observation of its space "
        f"first: {error}"
    )
