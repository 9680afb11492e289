"""The arrays that simulators write their steps into: in one block of memory, shared or not."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from splagger.environments.host.simulators import HostStep, HostTasks

Field = tuple[tuple[int, ...], DTypeLike]
"""Shape and dtype of an array."""

_ALIGNMENT = 64


def block_size(fields: Sequence[Field]) -> int:
    """How many bytes a block for these arrays has."""
    return sum(map(_bytes, fields))


def carve(block: Any, fields: Sequence[Field]) -> list[np.ndarray]:
    """Arrays side by side in a block of memory, each from an aligned start on.

    **Arguments:**

    - `block`: an object with a buffer of `block_size(fields)` bytes.
    - `fields`: the arrays.
    """
    arrays, start = [], 0
    for shape, dtype in fields:
        number = math.prod(shape)
        arrays.append(np.frombuffer(block, dtype, number, start).reshape(shape))
        start += _bytes((shape, dtype))
    return arrays


def step_fields(count: int, observation: int, task: int) -> list[Field]:
    """The arrays of a `HostStep`.

    **Arguments:**

    - `count`: how many simulators.
    - `observation`: numbers of an observation, the flag included.
    - `task`: numbers of a task.
    """
    row = (count,)
    return [
        ((count, observation), np.float32),
        ((count, observation), np.float32),
        (row, np.float32),
        *[(row, np.bool_)] * 5,
        (row, np.int32),
        ((count, task), np.float32),
        (row, np.int32),
    ]


def host_step(arrays: Sequence[np.ndarray]) -> HostStep:
    """The arrays of `step_fields` by name."""
    seen, shown, reward, *flags, episode, vector, index = arrays
    episode_end, trial_end, truncated, success, diverged = flags
    return HostStep(
        next_observation=seen,
        observation=shown,
        reward=reward,
        episode_end=episode_end,
        trial_end=trial_end,
        truncated=truncated,
        success=success,
        diverged=diverged,
        episode=episode,
        tasks=HostTasks(vector, index),
    )


def copied_tasks(tasks: HostTasks, rows: slice) -> HostTasks:
    """Copies of some rows."""
    return HostTasks(tasks.vector[rows].copy(), tasks.index[rows].copy())


def copied_step(step: HostStep, rows: slice) -> HostStep:
    """Copies of some rows."""
    return HostStep(
        next_observation=step.next_observation[rows].copy(),
        observation=step.observation[rows].copy(),
        reward=step.reward[rows].copy(),
        episode_end=step.episode_end[rows].copy(),
        trial_end=step.trial_end[rows].copy(),
        truncated=step.truncated[rows].copy(),
        success=step.success[rows].copy(),
        diverged=step.diverged[rows].copy(),
        episode=step.episode[rows].copy(),
        tasks=copied_tasks(step.tasks, rows),
    )


def _bytes(field: Field) -> int:
    shape, dtype = field
    size = math.prod(shape) * np.dtype(dtype).itemsize
    return size + -size % _ALIGNMENT
