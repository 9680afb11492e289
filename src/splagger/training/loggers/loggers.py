"""The loggers of a training, fed from the same records as its files."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from splagger.training.loggers.feed import LoggerFeed
from splagger.training.loggers.logger import LoggedRow
from splagger.training.loggers.open import open_logger
from splagger.training.loggers.series import (
    evaluation_row,
    merged,
    metrics_row,
    rows_of_records,
)
from splagger.training.records import EvaluationRow
from splagger.training.run_directory import RunDirectory

_PATIENCE = 90.0
_PATIENCE_AFTER_ERROR = 10.0


class Loggers:
    """All loggers of a training, in a `with` statement; without any, nothing happens.

    A row is handed on when it is complete: when the next one begins, or at the end of training.
    So an evaluation is in one row with the metrics of the update that it follows, and what a
    process that is killed has handed on has no gap.
    """

    def __init__(self, feeds: Sequence[LoggerFeed], members: int):
        """Prepares.

        **Arguments:**

        - `feeds`: one for each logger.
        - `members`: how many members are trained.
        """
        self._feeds = feeds
        self._members = members
        self._pending: LoggedRow | None = None

    @classmethod
    def open(
        cls,
        names: Sequence[str],
        run: RunDirectory,
        members: Sequence[tuple[float, int]],
        message: Callable[[str], None],
    ) -> "Loggers":
        """Makes loggers by their names, which `check_loggers` returned.

        **Arguments:**

        - `names`: which; none in a process that does not write the run directory.
        - `run`: the run directory, locked by the caller.
        - `members`: learning rates and seeds.
        - `message`: tells the user something; called by any thread.
        """
        feeds = [
            LoggerFeed(name, open_logger(name, run.path, run.settings, members, message), message)
            for name in names
        ]
        return cls(feeds, len(members))

    def __enter__(self) -> "Loggers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        complete = kind is None
        # After an error the evaluation that belongs to it may be missing; resuming completes it.
        if complete:
            self._hand_on()
        for feed in self._feeds:
            feed.close(complete=complete, patience=_PATIENCE if complete else _PATIENCE_AFTER_ERROR)

    def begin(self, run: RunDirectory, frames: int) -> None:
        """Has all loggers opened, and filled with what they lack of a run that goes on.

        **Arguments:**

        - `run`: the run directory, its records cut back to where training goes on.
        - `frames`: where that is.

        **Raises:** `UserError` if a record is damaged.
        """
        if not self._feeds:
            return
        evaluations = [*run.read_evaluations(), *run.read_evaluations(groups=True)]
        history = rows_of_records(run.read_metrics(), evaluations, self._members)
        if history and history[-1].frames == frames:
            self._pending = history.pop()
        for feed in self._feeds:
            feed.begin(frames, history)

    def metrics(self, record: dict[str, Any]) -> None:
        """Logs the record of an update, as `metrics.jsonl` has it."""
        if self._feeds:
            self._take(metrics_row(record, self._members))

    def evaluations(self, rows: Sequence[EvaluationRow]) -> None:
        """Logs an evaluation, as `evaluations.csv` has it."""
        if self._feeds and rows:
            self._take(evaluation_row(rows, self._members))

    def _take(self, row: LoggedRow) -> None:
        if self._pending is not None and self._pending.frames == row.frames:
            row = merged(self._pending, row)
        else:
            self._hand_on()
        self._pending = row

    def _hand_on(self) -> None:
        if self._pending is not None:
            for feed in self._feeds:
                feed.log(self._pending)
            self._pending = None
