"""TensorBoard: one folder of event files for each member, so that members share every chart."""

import importlib
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from splagger.training.files import make_folder, write_atomically
from splagger.training.loggers.logger import LoggedRow, Logger

_LOGGED = "logged.json"
_EVENTS = "events.out.tfevents."
_FILE_VERSION = "brain.Event:2"
_FLUSH_SECONDS = 10.0


class TensorBoardLogger(Logger):
    """Writes event files below `RUN/tensorboard`, a folder for each member.

    Every part of a training writes new files. The first event of a later part tells TensorBoard to
    forget what earlier ones say of the frames from there on. How far events have reached the disk
    is kept beside them, so that whatever a killed process loses is written again.
    """

    def __init__(
        self,
        folder: Path,
        labels: Sequence[str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Prepares; nothing is imported or written yet.

        **Arguments:**

        - `folder`: where.
        - `labels`: for each member the name of its folder.
        - `clock`: the time in seconds, which decides when files are flushed.
        """
        self._folder = folder
        self._labels = labels
        self._clock = clock
        self._flushed_at = clock()
        self._last = -1
        self._writers: list[Any] = []

    def begin(self, frames: int) -> int:
        """Starts new files; the rest is as for `Logger.begin`."""
        records = importlib.import_module("tensorboardX.record_writer")
        self._events = importlib.import_module("tensorboardX.proto.event_pb2")
        self._summaries = importlib.import_module("tensorboardX.proto.summary_pb2")
        self._last = min(self._logged(), frames - 1)
        for label in self._labels:
            folder = self._folder / label
            make_folder(folder)
            part = len(list(folder.glob(f"{_EVENTS}*")))
            # Readers go from file to file in the order of their names.
            writer = records.RecordWriter(str(folder / f"{_EVENTS}{part:06d}"))
            self._writers.append(writer)
            self._write(writer, file_version=_FILE_VERSION)
            if part:
                start = self._events.SessionLog(status=self._events.SessionLog.START)
                self._write(writer, step=self._last + 1, session_log=start)
        self._flush()
        return self._last + 1

    def log(self, row: LoggedRow) -> None:
        """Writes one event a member; they reach the disk within ten seconds of the next ones."""
        for writer, scalars in zip(self._writers, row.members, strict=True):
            values = [
                self._summaries.Summary.Value(tag=name, simple_value=number)
                for name, number in scalars.items()
            ]
            summary = self._summaries.Summary(value=values)
            self._write(writer, step=row.frames, summary=summary)
        self._last = row.frames
        if self._clock() - self._flushed_at >= _FLUSH_SECONDS:
            self._flush()

    def close(self, complete: bool) -> None:
        """Closes the files, all events in them."""
        del complete
        try:
            self._flush()
        finally:
            for writer in self._writers:
                writer.close()

    def _write(self, writer: Any, **fields: Any) -> None:
        event = self._events.Event(wall_time=time.time(), **fields)
        writer.write(event.SerializeToString())

    def _flush(self) -> None:
        for writer in self._writers:
            writer.flush()
        content = json.dumps({"frames": self._last}).encode()

        def write(file):
            file.write(content)

        write_atomically(self._folder / _LOGGED, write)
        self._flushed_at = self._clock()

    def _logged(self) -> int:
        """The frames of the last row that is on the disk; -1 for none."""
        try:
            return int(json.loads((self._folder / _LOGGED).read_bytes())["frames"])
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return -1
