"""The run directory: everything that one training run leaves on disk."""

import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from splagger.foundation.errors import UserError
from splagger.training import checkpoints
from splagger.training.files import make_folder, plain
from splagger.training.lock import LOCK, locked
from splagger.training.loggers.logger import LOGGERS
from splagger.training.records import (
    EVALUATIONS_HEADER,
    EvaluationRow,
    append_lines,
    check_line_ends,
    evaluation_line,
    last_evaluation_row,
    metrics_line,
    read_evaluation_rows,
    read_metrics_records,
    synchronised_size,
)
from splagger.training.run_path import default_path
from splagger.training.settings_file import (
    SETTINGS,
    check_format,
    new_record,
    read_record,
    write_record,
)

__all__ = [
    "EVALUATIONS",
    "METRICS",
    "START_POSITIONS",
    "EvaluationRow",
    "RunDirectory",
    "default_path",
]

EVALUATIONS = "evaluations.csv"
"""The table of evaluations: one row for a member, an evaluation and an episode."""

METRICS = "metrics.jsonl"
"""The metrics of training: one JSON record an update."""

START_POSITIONS = {EVALUATIONS: 0, METRICS: 0}
"""The positions of a run that has recorded nothing; see `RunDirectory.cut_back`."""

_CHECKPOINTS = "checkpoints"
_FIGURES = "figures"


class RunDirectory:
    """A directory with `settings.json`, the records of a run, its checkpoints and its figures.

    Made by `RunDirectory.create` or `RunDirectory.open`. Reading needs no lock and may happen
    while a run goes on; whoever writes holds the lock.
    """

    path: Path
    """Where the directory lies."""

    record: dict[str, Any]
    """The content of `settings.json`: format, versions, time of creation and settings."""

    def __init__(self, path: Path, record: dict[str, Any]):
        self.path = path
        self.record = record

    @classmethod
    def create(
        cls, path: Path, settings: Mapping[str, Any], overwrite: bool = False
    ) -> "RunDirectory":
        """Makes a run directory, with its parents, and writes `settings.json`.

        **Arguments:**

        - `path`: where; a missing or empty directory.
        - `settings`: all that is needed to run again: JSON values, tuples and array scalars.
        - `overwrite`: whether a run directory that is there already may be replaced. Its settings,
            records, checkpoints, figures and what loggers wrote are deleted; files that a run does
            not make stay.

        **Raises:** `UserError` if `path` is not empty and `overwrite` is false, if it is not a
        run directory, if it is in use, or if it cannot be written. `TypeError` or `ValueError`
        if the settings have no form in JSON. In all these cases nothing is deleted.
        """
        record = new_record(settings)
        _check_replaceable(path, overwrite)
        make_folder(path)
        with locked(path):
            # Again, now that no other process can be writing into it.
            _check_replaceable(path, overwrite)
            made = (EVALUATIONS, METRICS, _CHECKPOINTS, _FIGURES, *LOGGERS, *_leftovers(path))
            for name in made:
                _delete(path / name)
            # Last, so that an interrupted replacement still is a run directory.
            write_record(path / SETTINGS, record)
        return cls(path, record)

    @classmethod
    def open(cls, path: Path) -> "RunDirectory":
        """Opens a run directory that exists.

        **Raises:** `UserError` if `path` does not exist, is empty, is not a run directory, has a
        damaged `settings.json`, or was written in a format that this version cannot read.
        """
        if not os.path.exists(path):
            raise UserError(f"the run directory '{path}' does not exist.")
        if not path.is_dir():
            raise UserError(f"'{path}' is a file, not a run directory.")
        if not _entries(path):
            raise UserError(f"'{path}' is empty: no run was started in it.")
        if not (path / SETTINGS).is_file():
            raise UserError(f"'{path}' is not a run directory: it has no {SETTINGS}.")
        record = read_record(path / SETTINGS)
        if record is None:
            raise UserError(
                f"the run directory '{path}' is damaged: {SETTINGS} is not what splagger wrote."
            )
        check_format(path, record)
        return cls(path, record)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that the run was created with, as plain JSON values."""
        return self.record["settings"]

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints. It exists once something was saved in it."""
        return self.path / _CHECKPOINTS

    @property
    def figures(self) -> Path:
        """The folder of the figures. It exists once something was drawn into it."""
        return self.path / _FIGURES

    def replace_settings(self, settings: Mapping[str, Any]) -> None:
        """Replaces the settings, for instance when a run is resumed with more frames.

        **Raises:** `UserError` if the file cannot be written.
        """
        record = {**self.record, "settings": plain(settings, keep_non_finite=True)}
        write_record(self.path / SETTINGS, record)
        self.record = record

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Holds the directory for this process, in a `with` statement.

        The system frees the lock when the process ends, in whatever way, so there are no stale
        locks.

        **Raises:** `UserError` if another process holds it.
        """
        return locked(self.path)

    def append_evaluations(self, rows: Sequence[EvaluationRow]) -> None:
        """Appends `rows` to `evaluations.csv` and hands them to the system at once."""
        path = self.path / EVALUATIONS
        is_new = not path.exists() or path.stat().st_size == 0
        header = [EVALUATIONS_HEADER] if is_new else []
        append_lines(path, [*header, *map(evaluation_line, rows)])

    def append_metrics(self, record: Mapping[str, Any]) -> None:
        """Appends one record, of one update, to `metrics.jsonl`.

        Array values become lists and numbers; NaN and infinities become null.
        """
        append_lines(self.path / METRICS, [metrics_line(record)])

    def read_evaluations(self, *, groups: bool = False) -> list[EvaluationRow]:
        """Reads all evaluations. A last line that is not complete is left out.

        **Arguments:**

        - `groups`: whether to read those of groups of tasks instead of those of all trials.

        **Raises:** `UserError` if the file is damaged.
        """
        rows = read_evaluation_rows(self.path / EVALUATIONS)
        return [row for row in rows if (row.group is not None) == groups]

    def evaluated_frames(self) -> int:
        """The frames at the last evaluation; 0 where there is none. All rows before it are skipped.

        **Raises:** `UserError` if its row is damaged.
        """
        row = last_evaluation_row(self.path / EVALUATIONS)
        return 0 if row is None else row.frames

    def read_metrics(self) -> list[dict[str, Any]]:
        """Reads all metrics. A last line that is not complete is left out.

        **Raises:** `UserError` if the file is damaged.
        """
        return read_metrics_records(self.path / METRICS)

    def save_checkpoint(self, update: int, state: Any, metadata: Mapping[str, Any]) -> Path:
        """Saves the state after an update; see `checkpoints.save`."""
        return checkpoints.save(self.checkpoints, update, state, metadata)

    def positions(self) -> dict[str, int]:
        """Forces both records to the disk and returns their lengths in bytes, by file name.

        A checkpoint keeps them, so that a resumed run can cut the records back to it.
        """
        return {name: synchronised_size(self.path / name) for name in START_POSITIONS}

    def cut_back(self, positions: Mapping[str, int]) -> None:
        """Cuts both records back to what they were when `positions` was taken.

        **Arguments:**

        - `positions`: from `positions()`; `START_POSITIONS` to forget everything.

        **Raises:** `UserError` if a record is missing, shorter than that, or has no line that
        ends there. Then nothing is changed.
        """
        lengths = {name: positions[name] for name in START_POSITIONS}
        for name, length in lengths.items():
            check_line_ends(self.path / name, length)
        for name, length in lengths.items():
            if (self.path / name).exists():
                os.truncate(self.path / name, length)
                synchronised_size(self.path / name)


def _leftovers(path: Path) -> list[str]:
    prefix = f".{SETTINGS}."
    return [name for name in _names(path) if name.startswith(prefix)]


def _names(path: Path) -> list[str]:
    try:
        return os.listdir(path)
    except OSError as error:
        raise UserError(f"cannot read '{path}': {error.strerror or error}.") from error


def _entries(path: Path) -> set[str]:
    """The names in a directory, without what a process killed in `create` leaves there."""
    return set(_names(path)) - {LOCK, *_leftovers(path)}


def _check_replaceable(path: Path, overwrite: bool) -> None:
    # Not Path.exists: this one is false, where that one raises, if a parent may not be read.
    if not os.path.exists(path):
        return
    if not path.is_dir():
        raise UserError(f"the output '{path}' is a file; give another directory with --out.")
    if not _entries(path):
        return
    if not overwrite:
        raise UserError(
            f"the output directory '{path}' exists and is not empty; "
            "use --overwrite to replace the run in it, or give another with --out."
        )
    if not (path / SETTINGS).is_file() or read_record(path / SETTINGS) is None:
        raise UserError(
            f"'{path}' is not a run directory, so it is not overwritten; "
            "give another with --out, or delete it yourself."
        )


def _delete(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"cannot delete '{path}': {error.strerror or error}.") from error
