"""Trials of walking bodies that MuJoCo simulates, in threads of this process."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int, Shaped, UInt8, UInt32

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
from splagger.environments.locomotion.bodies import Solver
from splagger.environments.locomotion.locomotion import Locomotion
from splagger.environments.locomotion.native_rows import Moved, NativeRows, plain_method


@dataclass(frozen=True)
class _Sent:
    """A step of some rows that threads are making."""

    rows: slice
    actions: Float64[np.ndarray, "row action"]
    moved: Moved
    parts: list[Future]


class NativeSimulators(WatchedSimulators):
    """Walking bodies. MuJoCo leaves other threads alone while it computes, so that some threads
    move some bodies each; observations and rewards are then computed for all of them at once.

    Where the physics diverge, the body counts as it was before the step, the reward is 0, and the
    episode is truncated.
    """

    def __init__(
        self,
        definition: Locomotion,
        solver: Solver,
        recompute: bool,
        rules: TrialRules,
        seeds: Sequence[int],
        *,
        groups: Sequence[int] | None = None,
        threads: int = 0,
        picture_size: int = 256,
    ):
        """Makes the bodies.

        **Arguments:**

        - `definition`, `solver`, `recompute`: as in `NativeEnvironment`.
        - `rules`: of the trials.
        - `seeds`: one for every simulator, 0 to 2^32 - 1.
        - `groups`: for every simulator, which task it has, as `task_index` counts; None for any.
        - `threads`: how many move the bodies while this one does other things; 0 for this one.
        - `picture_size`: pixels of the width of pictures.

        **Raises:** `UserError` where MuJoCo is not installed.
        """
        self.count = len(seeds)
        self.restorable = True
        self._definition = definition
        self._observe = plain_method(definition, "observe")
        self._outcome = plain_method(definition, "outcome")
        self._is_diverged = plain_method(definition, "diverged")
        self._task_index = plain_method(definition, "task_index")
        self._rules = rules
        self._picture_size = picture_size
        fields = step_fields(self.count, rules.shown_size, rules.task_size)
        steps = host_step(carve(bytearray(block_size(fields)), fields))
        self._trials = TrialRows(rules, steps)
        self._bodies = NativeRows(definition, solver, recompute, seeds, groups)
        self._sent: dict[tuple[int, int, int], _Sent] = {}
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads) if threads else None

    def reset(self) -> HostStart:
        self._await_all()
        for row in range(self.count):
            self._new_trial(row)
        self._observe_starts(np.arange(self.count))
        self._trials.restart()
        steps = self._trials.steps
        return HostStart(steps.observation.copy(), copied_tasks(steps.tasks, slice(None)))

    def send(self, action: Shaped[np.ndarray, "row ..."], rows: slice = slice(None)) -> None:
        numbers = range(self.count)[rows]
        # A copy: what is given may change while threads read it.
        actions = np.array(action, np.float64)
        # As the motors clip; beyond 1e10 MuJoCo would set all of them to 0.
        controls = np.clip(actions, -1.0, 1.0)
        moved = self._bodies.moved(len(numbers))
        places = range(len(numbers))
        parts = []
        if self._pool is None:
            self._bodies.move(numbers, places, controls, moved)
        else:
            bounds = np.linspace(0, len(numbers), self._threads + 1).round().astype(int).tolist()
            for first, end in zip(bounds[:-1], bounds[1:], strict=True):
                if first < end:
                    part = (numbers[first:end], places[first:end], controls, moved)
                    parts.append(self._pool.submit(self._bodies.move, *part))
        self._sent[rows.indices(self.count)] = _Sent(rows, actions, moved, parts)

    def receive(self, rows: slice = slice(None)) -> HostStep:
        sent = self._sent.pop(rows.indices(self.count), None)
        if sent is not None:
            ended = self._complete(sent)
            if ended.size:
                self.begin(ended)
        return copied_step(self._trials.steps, rows)

    def advance(
        self, action: Shaped[np.ndarray, "row ..."], rows: slice = slice(None)
    ) -> Int[np.ndarray, " ended"]:
        self.send(action, rows)
        return self._complete(self._sent.pop(rows.indices(self.count)))

    def begin(self, ended: Int[np.ndarray, " ended"]) -> None:
        for row in ended.tolist():
            if self._trials.steps.trial_end[row]:
                self._new_trial(row)
            else:
                self._bodies.start(row)
        self._observe_starts(ended)
        self._trials.begin(ended)

    def capture(self) -> UInt32[np.ndarray, "row word"]:
        counters = np.stack([self._trials.episode, self._trials.episode_steps], 1)
        return np.concatenate([self._bodies.capture(), counters.view(np.uint32)], 1)

    def restore(self, captured: Any) -> None:
        self._await_all()
        words = np.asarray(captured, np.uint32)
        self._bodies.restore(words[:, :-2])
        counters = words[:, -2:].astype(np.int32)
        self._trials.episode[:], self._trials.episode_steps[:] = counters.T
        for row in range(self.count):
            self._write_task(row)

    def render(self, row: int = 0) -> UInt8[np.ndarray, "height width 3"]:
        """The body from the side, and what the task is.

        **Raises:** `UserError` where there is nothing to draw with.
        """
        # Imported here, because it needs a display or a library that does without.
        from splagger.environments.locomotion.picture import draw

        bodies = self._bodies
        return draw(self._definition, bodies.task[row], bodies.position[row], self._picture_size)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def _complete(self, sent: _Sent) -> Int[np.ndarray, " ended"]:
        """Waits for a step, and says what it was worth. Returns the rows whose episode ended."""
        for part in sent.parts:
            part.result()
        bodies, trials = self._bodies, self._trials
        rows = np.arange(self.count)[sent.rows]
        moved = sent.moved
        before = bodies.position[rows]
        after = (moved.position, moved.velocity, moved.forces)
        # Numbers of bodies that diverged may be anything.
        with np.errstate(all="ignore"):
            outcome = self._outcome(bodies.task[rows], before, *after, sent.actions)
        diverged = self._is_diverged(*after, outcome.reward)
        if diverged.any():
            _take_back(moved, diverged, bodies, rows)
        bodies.settle(rows, moved)
        steps, size = trials.steps, self._rules.observation_size
        steps.next_observation[rows, :size] = self._observe(
            moved.position, moved.velocity, moved.forces
        )
        steps.reward[rows] = np.where(diverged, 0.0, outcome.reward)
        trials.terminated[rows] = outcome.terminated
        trials.diverged[rows] = diverged
        ended = trials.finish(sent.rows)
        if self._rules.has_success:
            steps.success[rows] = outcome.success & ~diverged & steps.episode_end[rows]
        return ended

    def _observe_starts(self, rows: Int[np.ndarray, " row"]) -> None:
        bodies = self._bodies
        forces = None if bodies.forces is None else bodies.forces[rows]
        self._trials.start[rows] = self._observe(
            bodies.position[rows], bodies.velocity[rows], forces
        )

    def _new_trial(self, row: int) -> None:
        self._bodies.new_task(row)
        self._bodies.start(row)
        self._write_task(row)

    def _write_task(self, row: int) -> None:
        tasks, task = self._trials.steps.tasks, self._bodies.task[row]
        tasks.vector[row] = task
        tasks.index[row] = self._task_index(task)

    def _await_all(self) -> None:
        """Forgets what was sent and not received, as after a failure."""
        for sent in self._sent.values():
            for part in sent.parts:
                part.result()
        self._sent.clear()


def _take_back(
    moved: Moved, diverged: np.ndarray, bodies: NativeRows, rows: Int[np.ndarray, " row"]
) -> None:
    """Puts the rows that diverged where they were before."""
    moved.position[diverged] = bodies.position[rows[diverged]]
    moved.velocity[diverged] = bodies.velocity[rows[diverged]]
    if moved.forces is not None and bodies.forces is not None:
        moved.forces[diverged] = bodies.forces[rows[diverged]]
