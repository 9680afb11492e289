"""Whole trainings with loggers: what they leave, and that nothing depends on them."""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.event_files import Series, series_of
from support.fake_wandb import FakeWandb
from support.runs import (
    ENVIRONMENT,
    EVALUATED,
    FRAMES_PER_UPDATE,
    UPDATES,
    assert_same_run,
    run_settings,
)

from splagger.foundation.errors import UserError
from splagger.training import train as train_module
from splagger.training.checkpoints import latest
from splagger.training.loggers.series import rows_of_records
from splagger.training.run_directory import RunDirectory
from splagger.training.train import resume, start_run, train

LABELS = [f"learning-rate-{rate}-seed-{seed}" for rate in ("0.001", "0.01") for seed in (0, 1)]


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> FakeWandb:
    module = FakeWandb()
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def recorded(run: Path) -> list[Series]:
    """By member, the series that the records of a run amount to."""
    directory = RunDirectory.open(run)
    rows = rows_of_records(directory.read_metrics(), directory.read_evaluations(), 4)
    members: list[Series] = [{}, {}, {}, {}]
    for row in rows:
        for series, scalars in zip(members, row.members, strict=True):
            for name, number in scalars.items():
                series.setdefault(name, []).append((row.frames, number))
    return members


def in_tensorboard(run: Path) -> list[Series]:
    return [series_of(run / "tensorboard" / label) for label in LABELS]


def in_wandb(wandb: FakeWandb) -> list[Series]:
    members: list[Series] = []
    for history in wandb.server.values():
        members.append({})
        for step, scalars in history:
            for name, number in scalars.items():
                members[-1].setdefault(name, []).append((step, number))
    return members


def assert_same_series(ours: list[Series], theirs: list[Series], *, speed: bool = True) -> None:
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs, strict=True):
        assert our.keys() == their.keys()
        for name, points in our.items():
            assert [frames for frames, _ in points] == [frames for frames, _ in their[name]], name
            if speed or not name.startswith("speed/"):
                values = [value for _, value in their[name]]
                assert [value for _, value in points] == pytest.approx(values, rel=1e-6), name


@pytest.fixture(scope="module")
def logged_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FakeWandb]:
    """A run with both loggers, that is stopped, killed after a checkpoint, and resumed."""
    path = tmp_path_factory.mktemp("logged") / "run"
    module = FakeWandb()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "wandb", module)
        with acting_at(3, lambda: signal.raise_signal(signal.SIGTERM)):
            start_run(run_settings(), out=path, log=["tensorboard", "wandb"], quiet=True)
        with acting_at(6, crash), pytest.raises(RuntimeError, match="killed"):
            resume(path, log=["tensorboard", "wandb"], quiet=True)
        newest = latest(path / "checkpoints")
        assert newest is not None
        assert int(newest.stem) == 3
        resume(path, log=["tensorboard", "wandb"], quiet=True)
    return path, module


@contextlib.contextmanager
def acting_at(update: int, act: Callable[[], None]) -> Iterator[None]:
    """Does something as soon as the metrics of an update are recorded."""
    append = RunDirectory.append_metrics

    def append_and_act(run, record):
        append(run, record)
        if record["update"] == update:
            act()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunDirectory, "append_metrics", append_and_act)
        yield


def crash() -> None:
    raise RuntimeError("killed")


def test_loggers_change_no_bit(logged_run: tuple[Path, FakeWandb], finished_run: Path):
    assert_same_run(logged_run[0], finished_run)


def test_tensorboard_has_what_the_records_have_and_nothing_twice(
    logged_run: tuple[Path, FakeWandb],
):
    run, _ = logged_run
    assert len(list((run / "tensorboard" / LABELS[0]).iterdir())) == 3
    assert_same_series(in_tensorboard(run), recorded(run))


def test_wandb_has_what_the_records_have_and_nothing_twice(logged_run: tuple[Path, FakeWandb]):
    run, wandb = logged_run
    assert len(wandb.runs) == 3 * 4
    assert len(wandb.server) == 4
    # Speeds are of the part of the training that came first.
    assert_same_series(in_wandb(wandb), recorded(run), speed=False)
    config = wandb.runs[3].options["config"]
    assert config["environment"] == ENVIRONMENT
    assert (config["learning_rate"], config["seed"]) == (1e-2, 1)
    assert config["agent"]["encoder"]["size"] == 8


@pytest.mark.parametrize("updates", [UPDATES, UPDATES + 1])
def test_a_run_that_was_not_logged_is_logged_whole(run_copy: Path, wandb: FakeWandb, updates: int):
    frames = updates * FRAMES_PER_UPDATE
    assert resume(run_copy, frames=frames, log=("tensorboard", "wandb"), quiet=True).finished
    records = recorded(run_copy)
    assert len(records[0]["update/loss"]) == updates
    # The last update is evaluated once, whether that is due or not.
    evaluated = [*EVALUATED[:-1], updates]
    assert [frames // FRAMES_PER_UPDATE for frames, _ in records[0]["evaluation/success"]] == (
        evaluated
    )
    assert_same_series(in_tensorboard(run_copy), records)
    assert_same_series(in_wandb(wandb), records)


def test_training_goes_on_without_a_logger_that_fails(
    tmp_path: Path, finished_run: Path, wandb: FakeWandb, capsys: pytest.CaptureFixture[str]
):
    wandb.failing = True
    result = start_run(run_settings(), out=tmp_path / "run", log="wandb")
    assert result.finished
    assert_same_run(result.path, finished_run)
    lines = [line for line in capsys.readouterr().err.splitlines() if "logger" in line]
    assert len(lines) == 1
    assert lines[0].startswith("The logger wandb failed (ConnectionError: no route to host)")


def test_overwriting_removes_what_loggers_wrote(tmp_path: Path):
    for name in ("tensorboard", "wandb"):
        (tmp_path / name / "folder").mkdir(parents=True)
        (tmp_path / name / "folder" / "file").touch()
    RunDirectory.create(tmp_path / "other", {})
    (tmp_path / "settings.json").write_bytes((tmp_path / "other" / "settings.json").read_bytes())
    RunDirectory.create(tmp_path, {}, overwrite=True)
    assert not (tmp_path / "tensorboard").exists()
    assert not (tmp_path / "wandb").exists()


def test_an_unknown_logger_is_refused_before_anything_is_written(
    run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="unknown logger 'wandbb'"):
        train(ENVIRONMENT, "rnn", log="wandbb", out="run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(UserError, match="unknown logger 'comet'"):
        resume(run_copy, log=["comet"])


def test_of_several_processes_the_first_one_logs(
    run_copy: Path, wandb: FakeWandb, monkeypatch: pytest.MonkeyPatch
):
    before = recorded(run_copy)
    # As in a second process, which loads checkpoints and writes nothing.
    monkeypatch.setattr(train_module, "is_first_process", lambda: False)
    monkeypatch.setattr(train_module, "from_first", lambda make: "wandb tensorboard")
    frames = (UPDATES + 1) * FRAMES_PER_UPDATE
    assert resume(run_copy, frames=frames, log=("tensorboard", "wandb")).finished
    assert wandb.runs == []
    assert not (run_copy / "tensorboard").exists()
    assert recorded(run_copy) == before
