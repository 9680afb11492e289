"""The run directory of a process that is not the one that writes it."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from splagger.training import checkpoints
from splagger.training.run_directory import START_POSITIONS, EvaluationRow, RunDirectory


class WatchedRun(RunDirectory):
    """A run directory that another process writes: it can be read, and writing does nothing."""

    def replace_settings(self, settings: Mapping[str, Any]) -> None:
        del settings

    def locked(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def append_evaluations(self, rows: Sequence[EvaluationRow]) -> None:
        del rows

    def append_metrics(self, record: Mapping[str, Any]) -> None:
        del record

    def save_checkpoint(self, update: int, state: Any, metadata: Mapping[str, Any]) -> Path:
        del state, metadata
        return checkpoints.path_of(self.checkpoints, update)

    def positions(self) -> dict[str, int]:
        return dict(START_POSITIONS)

    def cut_back(self, positions: Mapping[str, int]) -> None:
        del positions
