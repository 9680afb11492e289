"""What a logger is: a place for scalars that a training fills beside its records."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass

LOGGERS = ("tensorboard", "wandb")
"""The names of the loggers. What one writes is below the run directory, in a folder of its name."""


@dataclass(frozen=True)
class LoggedRow:
    """The scalars of all members after one update, its evaluation included."""

    frames: int
    """The environment steps that every member had trained on."""

    members: tuple[Mapping[str, float], ...]
    """For every member its scalars, all finite, by the name of their series; see `series.py`."""


class Logger(abc.ABC):
    """A place for scalars. Its methods are called by one thread, and may fail in any way."""

    @abc.abstractmethod
    def begin(self, frames: int) -> int:
        """Opens the place; called once, first.

        **Arguments:**

        - `frames`: where training begins or goes on. What was logged from there on by an earlier
            part of the training, and can be taken back, is.

        **Returns:** the first frames that are missing: rows before them are there already. A logger
        that lacks earlier rows too, or was never used before, asks for them so.
        """

    @abc.abstractmethod
    def log(self, row: LoggedRow) -> None:
        """Takes one row. Frames increase from row to row."""

    @abc.abstractmethod
    def close(self, complete: bool) -> None:
        """Writes out everything and closes; called once, last.

        **Arguments:**

        - `complete`: whether the training ended, or was stopped to be resumed, as it should;
            otherwise by an error.
        """
