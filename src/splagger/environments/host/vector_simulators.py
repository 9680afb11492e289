"""A vectorised Gymnasium environment as simulators: it steps all of them at once."""

import contextlib
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import iterate
from jaxtyping import Bool, Int, Shaped

from splagger.environments.host.failures import exception_failure, result_failure
from splagger.environments.host.flattening import observation_flattener
from splagger.environments.host.maker import EnvironmentMaker
from splagger.environments.host.protocol import attribute
from splagger.environments.host.simulators import HostStart, HostStep, SimulatorError, Simulators
from splagger.environments.host.step_arrays import (
    block_size,
    carve,
    copied_step,
    copied_tasks,
    host_step,
    step_fields,
)
from splagger.environments.host.task_reading import task_index, task_vector
from splagger.environments.host.trial_rows import TrialRows
from splagger.environments.host.trial_rules import TrialRules

_NAME = "the vectorised environment"
_SEEDS = 2**31


class VectorSimulators(Simulators):
    """The rows of one `gymnasium.vector.VectorEnv`.

    It is made by a class or function with the keyword `num_envs`, and must neither begin episodes
    by itself (`AutoresetMode.DISABLED`) nor all of them together: `reset` must take the option
    `reset_mask`, booleans `[row]`. Its tasks come from `sample_task(generator)`, as those of a
    single environment, and go to `set_tasks(tasks, mask)`: `tasks` is a list with the task of every
    row, and where the booleans `mask` `[row]` are true, a trial of it begins.

    A `gymnasium.vector.AsyncVectorEnv` should be made with `context="spawn"`: forking after jax has
    started its threads can lock up.

    All rows step together: what was sent to some of them waits until all have an action.
    """

    def __init__(self, maker: EnvironmentMaker, rules: TrialRules, seeds: Sequence[int]):
        """Makes the environment.

        **Arguments:**

        - `maker`: makes the environment.
        - `rules`: of its trials.
        - `seeds`: one for every row, for its tasks; all together seed the environment.

        **Raises:** `SimulatorError` if it cannot be made, or has another number of rows.
        """
        self.count = len(seeds)
        self.restorable = False
        self._rules = rules
        self._generators = [np.random.Generator(np.random.PCG64(seed)) for seed in seeds]
        self._seed: int | None = int(np.random.default_rng(list(seeds)).integers(_SEEDS))
        fields = step_fields(self.count, rules.shown_size, rules.task_size)
        steps = host_step(carve(bytearray(block_size(fields)), fields))
        self._rows = TrialRows(rules, steps)
        self._waiting = np.zeros(self.count, bool)
        self._tasks: list[Any] = [None] * self.count
        try:
            self._environment = maker(num_envs=self.count)
        except Exception as error:
            self._fail("making it", error)
        if self._environment.num_envs != self.count:
            raise SimulatorError(
                f"{_NAME} has {self._environment.num_envs} rows, but num_envs was {self.count}."
            )
        single = self._environment.single_action_space
        self._first_action = int(single.start) if isinstance(single, spaces.Discrete) else 0
        self._actions = np.zeros((self.count, *(single.shape or ())), single.dtype)
        self._flatten = observation_flattener(self._environment.single_observation_space)

    def reset(self) -> HostStart:
        everything = np.ones(self.count, bool)
        self._set_tasks(everything)
        self._waiting[:] = False
        self._reset(everything)
        self._rows.restart()
        steps = self._rows.steps
        return HostStart(steps.observation.copy(), copied_tasks(steps.tasks, slice(None)))

    def send(self, action: Shaped[np.ndarray, "row ..."], rows: slice = slice(None)) -> None:
        wanted = self._actions[rows]
        wanted[...] = np.asarray(action).reshape(wanted.shape) + self._first_action
        self._waiting[rows] = True
        if self._waiting.all():
            self._waiting[:] = False
            self._step()

    def receive(self, rows: slice = slice(None)) -> HostStep:
        if self._waiting[rows].any():
            raise SimulatorError(
                f"{_NAME} steps all rows together, but some have no action yet: send an action to "
                "every row before receiving."
            )
        return copied_step(self._rows.steps, rows)

    def capture(self) -> Any:
        raise SimulatorError(f"{_NAME} has no state that could be captured.")

    def restore(self, captured: Any) -> None:
        raise SimulatorError(f"{_NAME} has no state that could be restored.")

    def close(self) -> None:
        # What a user's environment does at its end cannot matter any more.
        with contextlib.suppress(Exception):
            self._environment.close()

    def _step(self) -> None:
        trials, steps = self._rows, self._rows.steps
        try:
            result = self._environment.step(self._actions.copy())
        except Exception as error:
            self._fail("step", error)
        try:
            observations, reward, terminated, truncated, info = result
            steps.next_observation[:, : self._rules.observation_size] = self._vectors(observations)
            steps.reward[:], trials.terminated[:], trials.truncated[:] = (
                np.asarray(values).reshape(self.count) for values in (reward, terminated, truncated)
            )
            if self._rules.may_diverge:
                # Gymnasium's own mask says which rows gave that information.
                trials.diverged[:] = info.get("diverged", False) & info.get("_diverged", True)
        except Exception as error:
            self._misfit("step", error)
        ended = trials.finish(slice(None))
        if ended.size:
            if self._rules.has_success:
                steps.success[ended] = self._success(info, ended)
            if steps.trial_end.any():
                self._set_tasks(steps.trial_end)
            self._reset(steps.episode_end)
            trials.begin(ended)

    def _set_tasks(self, mask: Bool[np.ndarray, " row"]) -> None:
        sample = attribute(self._environment, "sample_task")
        if sample is None:
            return
        tasks = self._rows.steps.tasks
        try:
            for row in np.flatnonzero(mask):
                task = self._tasks[row] = sample(self._generators[row])
                tasks.vector[row] = task_vector(self._environment, task)
                tasks.index[row] = task_index(self._environment, task, self._rules.tasks)
        except Exception as error:
            self._fail("sample_task, task_vector or task_index", error)
        try:
            attribute(self._environment, "set_tasks")(list(self._tasks), mask.copy())
        except Exception as error:
            self._fail("set_tasks", error)

    def _reset(self, mask: Bool[np.ndarray, " row"]) -> None:
        # The seed only at the first time, and a mask never then.
        first = self._seed is not None
        options = None if first else {"reset_mask": mask.copy()}
        try:
            result = self._environment.reset(seed=self._seed, options=options)
        except Exception as error:
            self._fail("reset", error)
        self._seed = None
        try:
            observations, _ = result
            self._rows.start[mask] = self._vectors(observations)[mask]
        except Exception as error:
            self._misfit("reset", error)

    def _vectors(self, observations: Any) -> Shaped[np.ndarray, "row number"]:
        rows = iterate(self._environment.observation_space, observations)
        return np.stack([self._flatten(observation) for observation in rows])

    def _success(self, info: dict, ended: Int[np.ndarray, " ended"]) -> Bool[np.ndarray, " ended"]:
        for name in ("success", "is_success"):
            # Gymnasium's own mask says which rows gave that information.
            given = np.broadcast_to(info.get(f"_{name}", name in info), self.count)
            if given[ended].all():
                return np.asarray(info[name])[ended].astype(bool)
        raise result_failure(
            _NAME,
            "step",
            "an info without success or is_success at an episode's end, though has_success is true",
        )

    def _fail(self, method: str, error: Exception) -> NoReturn:
        raise exception_failure(_NAME, method, error) from error

    def _misfit(self, method: str, error: Exception) -> NoReturn:
        problem = f"something that does not fit Gymnasium's interface and its spaces: {error}"
        raise result_failure(_NAME, method, problem) from error
