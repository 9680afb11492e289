"""Simulators that are stepped in this process, one after the other."""

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped, UInt8, UInt32

from splagger.environments.host.maker import EnvironmentMaker
from splagger.environments.host.simulator import Simulator
from splagger.environments.host.simulators import HostStart, HostStep, WatchedSimulators
from splagger.environments.host.step_arrays import (
    block_size,
    carve,
    copied_step,
    copied_tasks,
    host_step,
    step_fields,
)
from splagger.environments.host.trial_rows import TrialRows
from splagger.environments.host.trial_rules import TrialRules


class InProcess(WatchedSimulators):
    """Simulators of this process. `send` steps them, so `receive` never waits."""

    def __init__(
        self,
        maker: EnvironmentMaker,
        rules: TrialRules,
        seeds: Sequence[int],
        *,
        groups: Sequence[int] | None = None,
        steps: HostStep | None = None,
        first_row: int = 0,
        pictures: bool = False,
    ):
        """Makes the environments.

        **Arguments:**

        - `maker`: makes one environment.
        - `rules`: of their trials.
        - `seeds`: one for every simulator, 0 to 2^32 - 1.
        - `groups`: of each one's tasks; None for all.
        - `steps`: arrays to write into; own ones, unless given.
        - `first_row`: the number of the first simulator, for messages.
        - `pictures`: whether `render` must work.

        **Raises:** `SimulatorError` if an environment cannot be made.
        """
        self.count = len(seeds)
        self.restorable = rules.restorable
        if steps is None:
            fields = step_fields(self.count, rules.shown_size, rules.task_size)
            steps = host_step(carve(bytearray(block_size(fields)), fields))
        self._rules = rules
        self._rows = TrialRows(rules, steps, first_row)
        self._simulators: list[Simulator] = []
        try:
            for number, seed in enumerate(seeds):
                group = None if groups is None else groups[number]
                row = first_row + number
                simulator = Simulator(maker, rules, seed, row, group=group, pictures=pictures)
                self._simulators.append(simulator)
        except BaseException:
            self.close()
            raise

    def reset(self) -> HostStart:
        for row in range(self.count):
            self._new_trial(row)
        self._rows.restart()
        steps = self._rows.steps
        return HostStart(steps.observation.copy(), copied_tasks(steps.tasks, slice(None)))

    def send(self, action: Shaped[np.ndarray, "row ..."], rows: slice = slice(None)) -> None:
        ended = self.advance(action, rows)
        if ended.size:
            self.begin(ended)

    def advance(
        self, action: Shaped[np.ndarray, "row ..."], rows: slice = slice(None)
    ) -> Int[np.ndarray, " ended"]:
        trials, size = self._rows, self._rules.observation_size
        observations = trials.steps.next_observation[rows, :size]
        rewards, terminated, truncated = [], [], []
        if self._rules.action_size is None:
            actions = np.asarray(action, np.int32).tolist()
        else:
            actions = np.asarray(action, np.float32)
        stepped = zip(self._simulators[rows], actions, observations, strict=True)
        for simulator, chosen, observation in stepped:
            observation[:], *others = simulator.step(chosen)
            for values, value in zip((rewards, terminated, truncated), others, strict=True):
                values.append(value)
        trials.steps.reward[rows] = rewards
        trials.terminated[rows] = terminated
        trials.truncated[rows] = truncated
        if self._rules.may_diverge:
            trials.diverged[rows] = [simulator.diverged() for simulator in self._simulators[rows]]
        ended = trials.finish(rows)
        if self._rules.has_success:
            trials.steps.success[ended] = [self._simulators[row].success() for row in ended]
        return ended

    def begin(self, ended: Int[np.ndarray, " ended"]) -> None:
        for row in ended.tolist():
            if self._rows.steps.trial_end[row]:
                self._new_trial(row)
            else:
                self._rows.start[row] = self._simulators[row].new_episode()
        self._rows.begin(ended)

    def receive(self, rows: slice = slice(None)) -> HostStep:
        return copied_step(self._rows.steps, rows)

    def capture(self) -> UInt32[np.ndarray, "row word"]:
        own = [simulator.capture() for simulator in self._simulators]
        counters = np.stack([self._rows.episode, self._rows.episode_steps], 1)
        return np.concatenate([np.stack(own), counters.view(np.uint32)], 1)

    def restore(self, captured: Any) -> None:
        words = np.asarray(captured, np.uint32)
        for row, simulator in enumerate(self._simulators):
            simulator.restore(words[row, :-2])
            self._write_task(row)
        counters = words[:, -2:].astype(np.int32)
        self._rows.episode[:], self._rows.episode_steps[:] = counters.T

    def render(self, row: int = 0) -> UInt8[np.ndarray, "height width 3"] | None:
        return self._simulators[row].render()

    def close(self) -> None:
        for simulator in self._simulators:
            # What a user's environment does at its end cannot matter any more.
            with contextlib.suppress(Exception):
                simulator.close()
        self._simulators = []

    def _new_trial(self, row: int) -> None:
        self._rows.start[row] = self._simulators[row].new_trial()
        self._write_task(row)

    def _write_task(self, row: int) -> None:
        tasks, simulator = self._rows.steps.tasks, self._simulators[row]
        tasks.vector[row] = simulator.vector
        tasks.index[row] = simulator.index
