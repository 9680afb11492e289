"""Results that a device is still computing, while it is given the next thing to do."""

from collections import deque
from collections.abc import Callable


class PendingResults:
    """Waits for results in the order in which they were asked for, a few behind.

    What starts the next computation does not wait for the last: an accelerator is never idle while
    the host writes and draws.
    """

    def __init__(self, behind: int):
        """Nothing is pending.

        **Arguments:**

        - `behind`: how many results may be pending, at least 0; with 0 each is waited for at once.
        """
        self._behind = behind
        self._pending: deque[Callable[[], None]] = deque()

    def add(self, finish: Callable[[], None]) -> None:
        """Adds a result; where too many are pending, the oldest are waited for.

        **Arguments:**

        - `finish`: waits for the result and does what is to be done with it.
        """
        self._pending.append(finish)
        self._finish_until(self._behind)

    def settle(self) -> None:
        """Waits for all of them."""
        self._finish_until(0)

    def _finish_until(self, left: int) -> None:
        while len(self._pending) > left:
            self._pending.popleft()()
