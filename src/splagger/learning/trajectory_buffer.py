"""Whole trials kept on the device, the newest of them, to infer tasks from."""

from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, PRNGKeyArray, PyTree

from splagger.environments.task_information import TaskInformation
from splagger.foundation.checks import check_at_least
from splagger.learning.trajectories import Trajectories
from splagger.sequence.embedding import Transition

Rows = TypeVar("Rows")


class TrajectoryBuffer(eqx.Module):
    """A ring of whole trials, and the beginnings of those that still run.

    All are arrays of fixed shapes. A trial is complete when it ends, however many rollouts it
    spans, and can be sampled at once (as intended; published one addition later, Q34). In a
    program that donates the buffer, adding a rollout touches its own steps and the beginnings
    alone; so it does for members side by side (`jax.vmap`), on a CPU as well. Inside
    `jax.lax.map` the results are the same, but every member's buffer is copied.
    """

    stored: Trajectories
    """The complete trials, `[time, row, ...]`. After their ends there is what a row held before."""
    unfinished: Trajectories
    """The running trial of every environment so far, `[time, environment, ...]`; likewise."""
    next_row: Int[Array, ""]
    """Where the next complete trial goes, from 0."""
    rows_filled: Int[Array, ""]
    """How many complete trials there are: rows 0 and up, at most the capacity."""

    @classmethod
    def create(
        cls,
        capacity: int,
        horizon: int,
        environments: int,
        transition: Transition,
        task: TaskInformation,
    ) -> "TrajectoryBuffer":
        """An empty buffer.

        **Arguments:**

        - `capacity`: how many trials it keeps, at least 1.
        - `horizon`: steps of the longest trial. What is longer loses its end.
        - `environments`: how many trials run side by side.
        - `transition`, `task`: of one environment, for shapes and dtypes; arrays or what
            `jax.eval_shape` gives.

        **Raises:** `UserError` for a capacity below 1.
        """
        check_at_least("capacity", capacity, 1)

        def empty(rows: int) -> Trajectories:
            return Trajectories(
                transitions=_zeros((horizon, rows), transition),
                task=_zeros((rows,), task),
                length=jnp.zeros(rows, jnp.int32),
            )

        # Two zeros: one array in two places could not be donated.
        return cls(
            stored=empty(capacity),
            unfinished=empty(environments),
            next_row=jnp.zeros((), jnp.int32),
            rows_filled=jnp.zeros((), jnp.int32),
        )

    @property
    def capacity(self) -> int:
        """How many trials it keeps."""
        return self.stored.length.shape[-1]

    def add(
        self,
        transitions: Transition,
        task: TaskInformation,
        trial_end: Bool[Array, "time environment"],
    ) -> "TrajectoryBuffer":
        """Takes in the steps of a rollout, which go on from those of the one before.

        Trials are stored in the order of their ends, those of one step by number of the
        environment. If more end than there are rows, the last ones are kept.

        **Arguments:**

        - `transitions`: `[time, environment, ...]`.
        - `task`: the true tasks, `[time, environment, ...]`. That of a trial's first step is
            kept, whichever rollout it was in (as intended; published zeros once trials of
            different lengths are under way, Q33).
        - `trial_end`: whether a step ended its trial.
        """
        steps, environments = trial_end.shape
        horizon = self.stored.transitions.reward.shape[0]
        time = jnp.arange(steps, dtype=jnp.int32)[:, None]
        # The step at which a step's trial began, below 0 if in an earlier rollout.
        began = jnp.where(trial_end, time + 1, -self.unfinished.length)
        began = jnp.concatenate([-self.unfinished.length[None], began[:-1]])
        position = time - jax.lax.cummax(began)
        length = jnp.minimum(position + 1, horizon)
        # The step at which it ends; `steps` if in a later one.
        ends = jax.lax.cummin(jnp.where(trial_end, time, steps), reverse=True)
        finished = ends < steps

        # Which of the rollout's ends that is, from 1, and the row for it.
        number = jnp.cumsum(trial_end.reshape(-1), dtype=jnp.int32).reshape(trial_end.shape)
        count = number[-1, -1]
        number = jnp.take_along_axis(number, jnp.minimum(ends, steps - 1), axis=0)
        row = (self.next_row + number - 1) % self.capacity
        row = _only(finished & (number > count - self.capacity), row, self.capacity)
        column = jnp.broadcast_to(jnp.arange(environments), trial_end.shape)
        column = _only(~finished, column, environments)

        # Beginnings before the steps, which overwrite what follows in theirs.
        stored = Trajectories(
            _write(self.stored.transitions, (slice(None), row[0]), self.unfinished.transitions),
            _write(self.stored.task, row[0], self.unfinished.task),
            _write(self.stored.length, _only(trial_end, row, self.capacity), length),
        )
        unfinished = Trajectories(
            self.unfinished.transitions,
            self.unfinished.task,
            jnp.where(trial_end[-1], 0, length[-1]),
        )
        return TrajectoryBuffer(
            stored=_with_steps(stored, position, row, transitions, task),
            unfinished=_with_steps(unfinished, position, column, transitions, task),
            next_row=(self.next_row + count) % self.capacity,
            rows_filled=jnp.minimum(self.rows_filled + count, self.capacity),
        )

    def sample(self, key: PRNGKeyArray, size: int) -> Trajectories:
        """Draws complete trials, all different.

        Every set of that many is equally likely; the order within it means nothing.

        **Arguments:**

        - `key`: randomness.
        - `size`: how many, at least 1.

        **Returns:** `[time, size, ...]`, zeros after a trial's end. Where there are fewer trials,
        all of them and then length 0 and zeros.
        """
        available = jnp.minimum(self.rows_filled, size)
        rows = _different(key, self.rows_filled, available, size)
        there = jnp.arange(size) < available
        return _masked(
            Trajectories(
                jax.tree.map(lambda leaf: leaf[:, rows], self.stored.transitions),
                jax.tree.map(lambda leaf: leaf[rows], self.stored.task),
                jnp.where(there, self.stored.length[rows], 0),
            )
        )

    def running(self) -> Trajectories:
        """The running trial of every environment so far, `[time, environment, ...]`: of length 0,
        and zeros, where the last step ended one."""
        return _masked(self.unfinished)


def _zeros(leading: tuple[int, ...], example: Rows) -> Rows:
    return jax.tree.map(lambda leaf: jnp.zeros((*leading, *leaf.shape), leaf.dtype), example)


def _only(
    chosen: Bool[Array, "time environment"], index: Int[Array, "time environment"], size: int
) -> Int[Array, "time environment"]:
    """The index where chosen, elsewhere one beyond `size`, where writing has no effect.

    These differ as well, so that all indices do and accelerators can write them in any order.
    """
    beyond = size + jnp.arange(index.size, dtype=index.dtype).reshape(index.shape)
    return jnp.where(chosen, index, beyond)


def _write(tree: Rows, index: PyTree, values: PyTree) -> Rows:
    """Writes into every array; beyond its end there is no effect."""

    def write(leaf, value):
        return leaf.at[index].set(value, mode="drop", unique_indices=True)

    return jax.tree.map(write, tree, values)


def _with_steps(
    trajectories: Trajectories,
    position: Int[Array, "time environment"],
    row: Int[Array, "time environment"],
    transitions: Transition,
    task: TaskInformation,
) -> Trajectories:
    """Writes steps to their positions in rows, and the tasks of first steps."""
    first = _only(position == 0, row, trajectories.length.shape[0])
    return Trajectories(
        _write(trajectories.transitions, (position, row), transitions),
        _write(trajectories.task, first, task),
        trajectories.length,
    )


def _masked(trajectories: Trajectories) -> Trajectories:
    """Zeros after every end, and for the task where there is no trajectory."""
    length = trajectories.length
    time = jnp.arange(trajectories.transitions.reward.shape[0])[:, None]

    def keep(flags, tree):
        def mask(leaf):
            return jnp.where(flags.reshape(flags.shape + (1,) * (leaf.ndim - flags.ndim)), leaf, 0)

        return jax.tree.map(mask, tree)

    return Trajectories(
        keep(time < length, trajectories.transitions),
        keep(length > 0, trajectories.task),
        length,
    )


def _different(
    key: PRNGKeyArray, population: Int[Array, ""], count: Int[Array, ""], size: int
) -> Int[Array, " size"]:
    """Draws `count` different numbers below `population`; what follows them is arbitrary.

    Floyd's algorithm (Bentley and Floyd 1987, "A sample of brilliance"): the work does not depend
    on the population, which may be a hundred thousand, while sorting random numbers would.
    """
    order = jnp.arange(size, dtype=jnp.int32)
    highest = jnp.maximum(population - count + order, 0)
    drawn = jax.random.randint(key, (size,), 0, highest + 1, jnp.int32)

    def settle(i, numbers):
        taken = jnp.any((numbers == numbers[i]) & (order < i))
        return numbers.at[i].set(jnp.where(taken, highest[i], numbers[i]))

    return jax.lax.fori_loop(0, size, settle, drawn)
