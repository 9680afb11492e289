"""Simulators that are stepped by worker processes."""

import itertools
import signal
import time
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context, process, resource_tracker
from typing import Any

import numpy as np
from jaxtyping import Shaped, UInt32

from splagger.environments.host.maker import EnvironmentMaker
from splagger.environments.host.simulators import (
    DeadWorkerError,
    HostStart,
    HostStep,
    SimulatorError,
    Simulators,
)
from splagger.environments.host.step_arrays import (
    block_size,
    carve,
    copied_step,
    copied_tasks,
    host_step,
)
from splagger.environments.host.trial_rules import TrialRules
from splagger.environments.host.worker import PARENTS_SIGNALS, work, worker_fields

_SPAWN = get_context("spawn")

_PATIENCE = 1.0
"""Seconds between two looks at whether a silent worker still lives."""
_GRACE = 3.0
"""Seconds that a worker has to close its environments before it is terminated."""

_GUARD = (
    'the script that starts the training must have its calls under `if __name__ == "__main__":`, '
    "because worker processes import the script"
)


def check_main_guard() -> None:
    """Says what is wrong where this is a worker that has only come here because it imports a script
    without `if __name__ == "__main__":`.

    **Raises:** `SimulatorError` there.
    """
    if getattr(process.current_process(), "_inheriting", False):
        raise SimulatorError(_GUARD + ".")


class Workers(Simulators):
    """Simulators of worker processes, each of which owns some rows in a row.

    Workers are spawned, never forked: forking after jax has started its threads can lock up. They
    share memory with this process, where actions and results lie; commands go through pipes.
    """

    def __init__(
        self,
        maker: EnvironmentMaker,
        rules: TrialRules,
        seeds: Sequence[int],
        workers: int,
        *,
        groups: Sequence[int] | None = None,
    ):
        """Starts the workers and waits until they have made their environments.

        **Arguments:**

        - `maker`: makes one environment.
        - `rules`: of their trials.
        - `seeds`: one for every simulator, 0 to 2^32 - 1.
        - `workers`: how many processes, at least 1; no more than simulators are started.
        - `groups`: of each simulator's tasks; None for all.

        **Raises:** `SimulatorError` if an environment cannot be made, or a worker does not start.
        """
        check_main_guard()
        self.count = len(seeds)
        self.restorable = rules.restorable
        numbers = [int(seed) for seed in seeds]
        dealt = None if groups is None else [int(group) for group in groups]
        fields = worker_fields(rules, self.count)
        block = _SPAWN.RawArray("b", block_size(fields))
        *steps, self._actions = carve(block, fields)
        self._steps = host_step(steps)
        self._workers: list[_Worker] = []
        self._close = weakref.finalize(self, _end, self._workers)
        bounds = np.linspace(0, self.count, min(workers, self.count) + 1).round().astype(int)
        try:
            with _interrupts_blocked():
                for first, end in itertools.pairwise(bounds.tolist()):
                    self._workers.append(
                        _Worker(block, maker, rules, numbers, dealt, slice(first, end))
                    )
            for worker in self._workers:
                worker.answer()
        except BaseException:
            self.close()
            raise

    def reset(self) -> HostStart:
        self._ask_all("reset")
        steps = self._steps
        return HostStart(steps.observation.copy(), copied_tasks(steps.tasks, slice(None)))

    def send(self, action: Shaped[np.ndarray, "row ..."], rows: slice = slice(None)) -> None:
        self._actions[rows] = action
        for worker, own in self._owners(rows):
            worker.ask("send", own)

    def receive(self, rows: slice = slice(None)) -> HostStep:
        for worker, own in self._owners(rows):
            worker.answer_to("send", own)
        return copied_step(self._steps, rows)

    def capture(self) -> UInt32[np.ndarray, "row word"]:
        return np.concatenate(self._ask_all("capture"))

    def restore(self, captured: Any) -> None:
        words = np.asarray(captured, np.uint32)
        for worker in self._workers:
            worker.ask("restore", words[worker.rows])
        for worker in self._workers:
            worker.answer()

    def close(self) -> None:
        self._close()

    def _ask_all(self, command: str) -> list[Any]:
        for worker in self._workers:
            worker.ask(command)
        return [worker.answer() for worker in self._workers]

    def _owners(self, rows: slice) -> Iterator[tuple["_Worker", slice]]:
        """The workers of some rows, and which of each one's own rows these are."""
        start, stop, step = rows.indices(self.count)
        for worker in self._workers:
            first, end = worker.rows.start, worker.rows.stop
            # The first of the wanted rows that is not before the worker's own.
            begin = start + max(0, -((start - first) // step)) * step
            if begin < min(stop, end):
                yield worker, slice(begin - first, min(stop, end) - first, step)


class _Worker:
    """One process, as its parent sees it."""

    rows: slice
    """The simulators that are its own."""

    def __init__(
        self,
        block: Any,
        maker: EnvironmentMaker,
        rules: TrialRules,
        seeds: list[int],
        groups: list[int] | None,
        rows: slice,
    ):
        self.rows = rows
        self._asked: deque[tuple] = deque()
        self._ready = False
        self.connection, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(
            target=work, args=(theirs, block, maker, rules, seeds, groups, rows), daemon=True
        )
        self.process.start()
        # With the only other end in the worker, its death ends what can be read here.
        theirs.close()

    def ask(self, command: str, *arguments: Any) -> None:
        """Sends a command."""
        try:
            self.connection.send((command, *arguments))
        except OSError as error:
            # What it had to say before it ended comes first.
            self.answer()
            raise self._death() from error
        self._asked.append((command, *arguments[:1]))

    def answer_to(self, *question: Any) -> None:
        """Waits for the answers up to that to a certain command, unless it was read before."""
        while question in self._asked:
            self.answer()

    def answer(self) -> Any:
        """Waits for the next answer."""
        try:
            while not self.connection.poll(_PATIENCE):
                if not self.process.is_alive():
                    raise self._death()
            worked, result = self.connection.recv()
        except (EOFError, OSError) as error:
            raise self._death() from error
        if self._asked:
            self._asked.popleft()
        self._ready = True
        if not worked:
            raise SimulatorError(result)
        return result

    def _death(self) -> DeadWorkerError:
        self.process.join(_GRACE)
        code = self.process.exitcode
        if code is None:
            how = "does not answer any more"
        elif code < 0:
            how = f"was ended by the signal {signal.Signals(-code).name}"
        else:
            how = f"ended with exit code {code}"
        if not self._ready:
            how += f" before it was ready (if nothing above says why: {_GUARD})"
        first, last = self.rows.start, self.rows.stop - 1
        return DeadWorkerError(f"the worker process of simulators {first} to {last} {how}.")


def _end(workers: list[_Worker]) -> None:
    for worker in workers:
        with suppress(OSError):
            worker.connection.send(("close",))
    deadline = time.monotonic() + _GRACE
    for worker in workers:
        worker.process.join(max(0.0, deadline - time.monotonic()))
    for end in ("terminate", "kill"):
        alive = [worker.process for worker in workers if worker.process.is_alive()]
        for child in alive:
            getattr(child, end)()
        for child in alive:
            child.join(_PATIENCE)
    for worker in workers:
        worker.connection.close()
    workers.clear()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Keeps Ctrl-C, and a cluster's notice, from processes that are started inside until they can
    ignore them themselves.

    They inherit what is blocked. Here, these signals wait until the end.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PARENTS_SIGNALS)
    try:
        # Its start unblocks Ctrl-C.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, PARENTS_SIGNALS)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
