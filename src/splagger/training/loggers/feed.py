"""A thread that hands rows to a logger, so that neither its speed nor its failure is training's."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from splagger.training.loggers.logger import LoggedRow, Logger

_MOST_WAITING = 1000
_PATIENCE = 10.0


class LoggerFeed:
    """Feeds one logger. Whatever fails there ends the feed with one message, and nothing else.

    Rows wait for a logger that is slow: up to 1,000 of them, while it connects, for instance. Then
    training waits for it, but no longer than ten seconds; after that the feed ends as well.
    """

    def __init__(
        self,
        name: str,
        logger: Logger,
        message: Callable[[str], None],
        *,
        most_waiting: int = _MOST_WAITING,
        patience: float = _PATIENCE,
    ):
        """Starts the thread.

        **Arguments:**

        - `name`: what the logger is called in messages.
        - `logger`: only the thread calls it.
        - `message`: tells the user of a failure; called by any thread.
        - `most_waiting`: how many rows may wait, at least 1.
        - `patience`: how many seconds training waits for a logger that is further behind.
        """
        self._name = name
        self._logger = logger
        self._message = message
        self._patience = patience
        self._waiting: queue.Queue[Callable[[], None] | None] = queue.Queue(most_waiting)
        self._first = 0
        self._opened = False
        self._complete = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"{name} logger", daemon=True)
        self._thread.start()

    def begin(self, frames: int, history: Sequence[LoggedRow]) -> None:
        """Has the logger opened, and filled with what it lacks.

        **Arguments:**

        - `frames`: where training begins or goes on.
        - `history`: all rows until there.
        """

        def begin() -> None:
            self._opened = True
            self._first = self._logger.begin(frames)
            for row in history:
                self._log(row)

        self._put(begin)

    def log(self, row: LoggedRow) -> None:
        """Has a row logged, where the logger does not have it already."""
        self._put(lambda: self._log(row))

    def close(self, *, complete: bool, patience: float) -> None:
        """Has the logger closed, after all that waits, and waits for it.

        **Arguments:**

        - `complete`: as for `Logger.close`.
        - `patience`: the most seconds to wait. A logger that takes longer is left to itself.
        """
        self._complete = complete
        self._put(None)
        self._thread.join(patience)
        if self._thread.is_alive():
            self._end(f"is not done after {patience:g} seconds")

    def _log(self, row: LoggedRow) -> None:
        if row.frames >= self._first and not self._ended.is_set():
            self._logger.log(row)

    def _put(self, work: Callable[[], None] | None) -> None:
        if self._ended.is_set():
            return
        try:
            self._waiting.put(work, timeout=self._patience)
        except queue.Full:
            self._end(f"took nothing for {self._patience:g} seconds")

    def _work(self) -> None:
        complete = False
        with self._ending_where_it_fails():
            while not self._ended.is_set():
                work = self._waiting.get()
                if work is None:
                    complete = self._complete
                    break
                work()
        with self._ending_where_it_fails():
            if self._opened:
                self._logger.close(complete)

    @contextmanager
    def _ending_where_it_fails(self) -> Iterator[None]:
        try:
            yield
        # Of other people's code nothing is known: some of it even exits.
        except (Exception, SystemExit) as error:
            self._end(f"failed ({type(error).__name__}: {' '.join(str(error).split())})")

    def _end(self, reason: str) -> None:
        if not self._ended.is_set():
            self._ended.set()
            self._message(
                f"The logger {self._name} {reason}. The run goes on without it; "
                f"`splagger resume RUN --log {self._name}` logs later what it lacks."
            )
