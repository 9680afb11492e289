import threading
from collections.abc import Callable

import pytest

from splagger.training.loggers.feed import LoggerFeed
from splagger.training.loggers.logger import LoggedRow, Logger


def row(frames: int) -> LoggedRow:
    return LoggedRow(frames, ({"update/loss": 1.0},))


class Recorder(Logger):
    """A logger that notes what is asked of it, and fails where it is told to."""

    def __init__(self, first: int = 0, fail: Callable[[str], None] = lambda what: None):
        self.first = first
        self.calls: list[str] = []
        self.fail = fail

    def note(self, what: str) -> None:
        self.calls.append(what)
        self.fail(what)

    def begin(self, frames: int) -> int:
        self.note(f"begin {frames}")
        return self.first

    def log(self, row: LoggedRow) -> None:
        self.note(f"log {row.frames}")

    def close(self, complete: bool) -> None:
        self.note(f"close {complete}")


@pytest.fixture
def messages() -> list[str]:
    return []


def failing_at(call: str, error: BaseException) -> Callable[[str], None]:
    def fail(what: str) -> None:
        if what == call:
            raise error

    return fail


@pytest.mark.parametrize("complete", [True, False])
def test_a_logger_gets_what_it_lacks_and_what_follows(messages: list[str], complete: bool):
    logger = Recorder(first=32)
    feed = LoggerFeed("it", logger, messages.append)
    feed.begin(64, [row(0), row(32)])
    feed.log(row(64))
    feed.close(complete=complete, patience=10.0)
    assert logger.calls == ["begin 64", "log 32", "log 64", f"close {complete}"]
    assert messages == []


def test_rows_that_the_logger_has_are_not_logged_again(messages: list[str]):
    logger = Recorder(first=128)
    feed = LoggerFeed("it", logger, messages.append)
    feed.begin(64, [row(0), row(32)])
    for frames in (64, 96, 128):
        feed.log(row(frames))
    feed.close(complete=True, patience=10.0)
    assert logger.calls == ["begin 64", "log 128", "close True"]


def test_a_logger_that_was_never_opened_is_not_closed(messages: list[str]):
    logger = Recorder()
    LoggerFeed("it", logger, messages.append).close(complete=False, patience=10.0)
    assert logger.calls == []
    assert messages == []


@pytest.mark.parametrize("call", ["begin 0", "log 32", "log 64", "close False"])
@pytest.mark.parametrize("error", [OSError(28, "No space left\non device"), SystemExit(1)])
def test_a_failure_is_told_once_and_ends_the_feed(
    messages: list[str], call: str, error: BaseException
):
    logger = Recorder(fail=failing_at(call, error))
    feed = LoggerFeed("wandb", logger, messages.append)
    feed.begin(0, [])
    for frames in (32, 64, 96):
        feed.log(row(frames))
    feed.close(complete=call != "close False", patience=10.0)
    assert len(messages) == 1
    assert messages[0].startswith(f"The logger wandb failed ({type(error).__name__}: ")
    assert "\n" not in messages[0]
    assert "resume RUN --log wandb" in messages[0]
    everything = ["begin 0", "log 32", "log 64", "log 96"]
    done = everything[: everything.index(call) + 1] if call in everything else everything
    assert logger.calls == [*done, "close False"]


def test_failing_again_while_closing_is_not_told(messages: list[str]):
    def fail(what: str) -> None:
        if what != "begin 0":
            raise OSError(what)

    feed = LoggerFeed("it", Recorder(fail=fail), messages.append)
    feed.begin(0, [])
    feed.log(row(32))
    feed.close(complete=True, patience=10.0)
    assert len(messages) == 1
    assert "OSError: log 32" in messages[0]


def test_training_waits_for_no_logger_that_stands_still(messages: list[str]):
    released = threading.Event()
    logger = Recorder(fail=lambda what: None if released.wait(60) else None)
    feed = LoggerFeed("it", logger, messages.append, most_waiting=2, patience=0.01)
    feed.begin(0, [])
    for frames in range(0, 160, 32):
        feed.log(row(frames))
    assert len(messages) == 1
    assert messages[0].startswith("The logger it took nothing for 0.01 seconds. ")
    released.set()
    feed.close(complete=True, patience=10.0)
    # It is closed, and what waited is not logged late.
    assert logger.calls == ["begin 0", "close False"]


def test_a_logger_that_does_not_close_is_left_to_itself(messages: list[str]):
    released = threading.Event()
    logger = Recorder(fail=lambda what: None if released.wait(60) else None)
    feed = LoggerFeed("it", logger, messages.append)
    feed.begin(0, [])
    feed.close(complete=True, patience=0.01)
    assert len(messages) == 1
    assert messages[0].startswith("The logger it is not done after 0.01 seconds. ")
    released.set()
