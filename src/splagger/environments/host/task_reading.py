"""An environment's tasks: drawing them, and what is known about one."""

from typing import Any

import numpy as np
from jaxtyping import Float32

from splagger.environments.host.protocol import attribute
from splagger.environments.host.words import leaves


def task_vector(environment: Any, task: Any) -> Float32[np.ndarray, " task"]:
    """The task as numbers: the environment's own `task_vector`, or else the task's numbers in
    order."""
    own = attribute(environment, "task_vector")
    parts = [own(task)] if own is not None else leaves(task)
    if not parts:
        return np.zeros(0, np.float32)
    return np.concatenate([np.asarray(part, np.float32).reshape(-1) for part in parts])


def task_index(environment: Any, task: Any, tasks: int | None) -> int:
    """Which of the environment's tasks it is; 0 where they are not finite.

    **Raises:** `ValueError` for an index that is none.
    """
    if tasks is None:
        return 0
    index = int(attribute(environment, "task_index")(task))
    if index not in range(tasks):
        raise ValueError(f"{index} where there are {tasks} tasks, from 0")
    return index
