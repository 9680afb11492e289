"""Several processes, on one machine or on several, that train one run together.

All of them run the same loop on the same numbers; the first one alone writes the run directory and
shows progress. Without `join_processes` there is one process, and nothing here does anything.
"""

import json
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from splagger.foundation.errors import UserError

_PATIENCE = 120
"""Seconds that a process which has ended, well or not, waits for the others to end as well."""


def join_processes(
    *,
    coordinator: str | None = None,
    process_count: int | None = None,
    process_index: int | None = None,
) -> None:
    """Makes this process one of several. To be called before anything else uses jax.

    **Arguments:**

    - `coordinator`: address of the first process, `host:port`, a port that is free there. None, as
        the other two: the scheduler that started the processes, such as SLURM, knows all of it.
    - `process_count`: how many processes there are.
    - `process_index`: which one this is, from 0.

    **Raises:** `UserError` where something is missing or does not fit, or where the others cannot
    be reached.
    """
    given = (coordinator, process_count, process_index)
    if any(value is not None for value in given):
        _check(coordinator, process_count, process_index)
    try:
        jax.distributed.initialize(
            coordinator, process_count, process_index, shutdown_timeout_seconds=_PATIENCE
        )
    except (ValueError, RuntimeError) as error:
        if given == (None, None, None):
            what = "no scheduler is found that says which processes there are"
            raise UserError(
                f"{what} ({error}): start them with one, such as SLURM's srun, or give "
                "--coordinator, --process-count and --process-index."
            ) from error
        raise UserError(
            f"the processes at coordinator {coordinator} cannot be joined: {error}"
        ) from error
    # Once now, when nobody has to wait long for another: see `make_mesh`.
    from_first(lambda: "")
    anywhere(False)


def _check(coordinator: str | None, process_count: int | None, process_index: int | None) -> None:
    if coordinator is None or process_count is None or process_index is None:
        raise UserError(
            "coordinator, process_count and process_index are given together or not at all."
        )
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal():
        raise UserError(f"coordinator is {coordinator!r}, but it must be HOST:PORT.")
    if process_count < 1:
        raise UserError(f"process_count is {process_count}, but it must be at least 1.")
    if not 0 <= process_index < process_count:
        raise UserError(
            f"process_index is {process_index}, but it must be from 0 to {process_count - 1}."
        )


def is_first_process() -> bool:
    """Whether this process writes and shows progress: the only one, or the first of several."""
    return jax.process_index() == 0


def from_first(make: Callable[[], str]) -> str:
    """What the first process makes, in every process. No other one calls `make`.

    **Raises:** `UserError` in all of them if it does in the first.
    """
    if jax.process_count() == 1:
        return make()
    answer = {"error": None, "text": ""}
    if is_first_process():
        try:
            answer["text"] = make()
        except UserError as error:
            answer["error"] = str(error)
    answer = json.loads(_broadcast(json.dumps(answer).encode()))
    if answer["error"] is not None:
        raise UserError(answer["error"])
    return answer["text"]


def anywhere(flag: bool) -> bool:
    """Whether it is true in any of the processes, which all have to ask at the same place."""
    if jax.process_count() == 1:
        return flag
    return bool(np.any(multihost_utils.process_allgather(np.asarray(flag))))


def _broadcast(data: bytes) -> bytes:
    size = int(_from_first_array(np.asarray(len(data), np.int32)))
    room = np.zeros(size, np.uint8)
    if is_first_process():
        room[:] = np.frombuffer(data, np.uint8)
    return _from_first_array(room).tobytes()


def _from_first_array(array: np.ndarray) -> np.ndarray:
    values: Any = multihost_utils.broadcast_one_to_all(array)
    return np.asarray(values)
