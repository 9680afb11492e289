from pathlib import Path

import pytest

from splagger.training.loggers.feed import LoggerFeed
from splagger.training.loggers.logger import LoggedRow, Logger
from splagger.training.loggers.loggers import Loggers
from splagger.training.records import EvaluationRow
from splagger.training.run_directory import RunDirectory


class Memory(Logger):
    """A logger that keeps what it gets."""

    def __init__(self):
        self.began_at: int | None = None
        self.rows: list[LoggedRow] = []
        self.complete: bool | None = None

    def begin(self, frames: int) -> int:
        self.began_at = frames
        return 0

    def log(self, row: LoggedRow) -> None:
        self.rows.append(row)

    def close(self, complete: bool) -> None:
        self.complete = complete

    @property
    def points(self) -> list[tuple[int, list[str]]]:
        """The frames of every row, and its first member's series."""
        return [(row.frames, sorted(row.members[0])) for row in self.rows]


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def loggers(memory: Memory) -> Loggers:
    return Loggers([LoggerFeed("memory", memory, pytest.fail)], 1)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "run", {})


def metrics(frames: int) -> dict:
    return {"update": frames // 32, "frames": frames, "loss": [0.5]}


def evaluation(frames: int) -> list[EvaluationRow]:
    return [
        EvaluationRow(0, 1e-3, 0, frames, 0, 1.0, None),
        EvaluationRow(0, 1e-3, 0, frames, 0, 2.0, None, "forward"),
    ]


UPDATE = ["update/loss", "update/number"]
EVALUATION = [
    "evaluation-forward/episode_0/return",
    "evaluation-forward/trial_return",
    "evaluation/episode_0/return",
    "evaluation/trial_return",
]


def test_an_evaluation_is_in_the_row_of_its_update(
    loggers: Loggers, memory: Memory, run: RunDirectory
):
    with loggers:
        loggers.begin(run, 0)
        loggers.evaluations(evaluation(0))
        loggers.metrics(metrics(32))
        loggers.metrics(metrics(64))
        loggers.evaluations(evaluation(64))
        # Where all members failed there is nothing to evaluate.
        loggers.evaluations([])
    assert memory.points == [(0, EVALUATION), (32, UPDATE), (64, EVALUATION + UPDATE)]
    assert (memory.began_at, memory.complete) == (0, True)


def test_after_an_error_a_row_that_may_be_half_is_kept_back(
    loggers: Loggers, memory: Memory, run: RunDirectory
):
    def train() -> None:
        with loggers:
            loggers.begin(run, 0)
            loggers.metrics(metrics(32))
            loggers.metrics(metrics(64))
            raise KeyboardInterrupt

    pytest.raises(KeyboardInterrupt, train)
    assert memory.points == [(32, UPDATE)]
    assert memory.complete is False


def test_what_was_recorded_before_is_handed_on(loggers: Loggers, memory: Memory, run: RunDirectory):
    run.append_evaluations(evaluation(0))
    run.append_metrics(metrics(32))
    run.append_metrics(metrics(64))
    with loggers:
        loggers.begin(run, 64)
        # The checkpoint was between an update and its evaluation.
        loggers.evaluations(evaluation(64))
        loggers.metrics(metrics(96))
    assert memory.points == [
        (0, EVALUATION),
        (32, UPDATE),
        (64, EVALUATION + UPDATE),
        (96, UPDATE),
    ]
    assert memory.began_at == 64


def test_without_loggers_not_even_the_records_are_read(run: RunDirectory):
    (run.path / "metrics.jsonl").write_text("damaged\n")
    with Loggers([], 1) as loggers:
        loggers.begin(run, 64)
        loggers.metrics(metrics(96))
        loggers.evaluations(evaluation(96))
