"""A worker process: simulators that are stepped when their parent says so.

Nothing here, nor in what it imports, needs jax.
"""

import contextlib
import signal
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from splagger.environments.host.failures import describe_exception
from splagger.environments.host.in_process import InProcess
from splagger.environments.host.maker import EnvironmentMaker
from splagger.environments.host.simulators import HostStep, SimulatorError
from splagger.environments.host.step_arrays import Field, carve, host_step, step_fields
from splagger.environments.host.trial_rules import TrialRules

PARENTS_SIGNALS = {signal.SIGINT, signal.SIGUSR2}
"""Ctrl-C reaches every process of a terminal, and a cluster's notice that time is up (SIGUSR2)
every process of a job; what they mean is the parent's to decide."""


def worker_fields(rules: TrialRules, count: int) -> list[Field]:
    """The arrays that workers share with their parent for `count` simulators: those of a
    `HostStep`, and last the actions."""
    steps = step_fields(count, rules.shown_size, rules.task_size)
    if rules.action_size is None:
        return [*steps, ((count,), np.int32)]
    return [*steps, ((count, rules.action_size), np.float32)]


def work(
    connection: Connection,
    block: Any,
    maker: EnvironmentMaker,
    rules: TrialRules,
    seeds: list[int],
    groups: list[int] | None,
    rows: slice,
) -> None:
    """The life of a worker: it answers one command after the other until `close`, or until its
    parent is gone.

    A command is a method's name and its arguments. An answer is true and the method's result, or
    false and a sentence that says what failed.

    **Arguments:**

    - `connection`: where commands come from.
    - `block`: memory for `worker_fields` of all simulators, shared with the parent.
    - `maker`: makes one environment.
    - `rules`: of their trials.
    - `seeds`: one for every simulator of all workers.
    - `groups`: of each one's tasks; None for all.
    - `rows`: which of them are this worker's own.
    """
    # They were blocked until here.
    for number in PARENTS_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PARENTS_SIGNALS)
    arrays = carve(block, worker_fields(rules, len(seeds)))
    *steps, actions = (array[rows] for array in arrays)
    # The parent is gone, or does not listen any more.
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        own = None if groups is None else groups[rows]
        steps = host_step(steps)
        _answer(connection, steps, actions, maker, rules, seeds[rows], own, rows.start)


def _answer(
    connection: Connection,
    steps: HostStep,
    actions: Any,
    maker: EnvironmentMaker,
    rules: TrialRules,
    seeds: list[int],
    groups: list[int] | None,
    first_row: int,
) -> None:
    simulators: InProcess | None = None
    try:
        simulators = InProcess(maker, rules, seeds, groups=groups, steps=steps, first_row=first_row)
        connection.send((True, None))
        while True:
            command, *arguments = connection.recv()
            result = None
            if command == "close":
                return
            if command == "send":
                (rows,) = arguments
                simulators.send(actions[rows], rows)
            elif command == "reset":
                simulators.reset()
            elif command == "capture":
                result = simulators.capture()
            else:
                simulators.restore(*arguments)
            connection.send((True, result))
    except SimulatorError as error:
        connection.send((False, str(error)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        connection.send((False, f"simulators from {first_row} on: {describe_exception(error)}."))
    finally:
        if simulators is not None:
            simulators.close()
