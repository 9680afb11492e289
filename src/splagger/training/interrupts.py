"""Leaving a loop cleanly on Ctrl-C or a request to terminate."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_entered: list["Interrupts"] = []


def request_stop() -> bool:
    """Asks the loops that run in this process to stop, as the first Ctrl-C does.

    May be called by a handler of signals, and again.

    **Returns:** whether there is any such loop.
    """
    for interrupts in _entered:
        interrupts.request()
    return bool(_entered)


class Interrupts:
    """Notes the first Ctrl-C or SIGTERM instead of dying of it, in a `with` statement.

    The loop asks `requested` at a place where it can stop. A second signal does what it usually
    does. Outside of the main thread, where Python allows no handlers, nothing is noted.
    """

    requested: bool
    """Whether a signal has come."""

    def __init__(self, announce: Callable[[], None]):
        """Prepares; handlers are set by the `with` statement.

        **Arguments:**

        - `announce`: called at the first signal, to tell the user.
        """
        self.requested = False
        self._announce = announce
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self._previous[number] = signal.signal(number, self._note)
        _entered.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _entered.remove(self)
        self._restore()

    def request(self) -> None:
        """Notes that the loop is to stop, and announces it, once."""
        if not self.requested:
            self.requested = True
            self._announce()

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._restore()
        self.request()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # pyright: ignore[reportArgumentType]
        self._previous = {}
