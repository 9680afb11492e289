"""Whatever stops a run, it goes on as if it had never stopped: to the bit."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import numpy as np
import pytest
from support.runs import (
    ENVIRONMENT,
    EVALUATED,
    FLAGS,
    FRAMES_PER_UPDATE,
    ROOT,
    UPDATES,
    arrays_of,
    assert_same_run,
    environment_variables,
    metrics_of,
    run_settings,
    start_process,
)

from splagger.foundation.errors import UserError
from splagger.foundation.precision import matrix_product_precision
from splagger.learning.sweep import Sweep
from splagger.training import checkpoints, files, records, run_directory
from splagger.training.interrupts import Interrupts
from splagger.training.run_directory import RunDirectory
from splagger.training.session import open_session
from splagger.training.train import resume, start_run

ABSURD = 1e38
"""A learning rate at which parameters overflow in the first update."""


class Crash(BaseException):
    """The process ends here, and nothing after this moment happens."""


class Writes:
    """Counts what is written: lines of records and files; ends the process at one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, crash_at: int | None = None):
        self.count = 0
        self.crash_at = crash_at
        monkeypatch.setattr(
            run_directory, "append_lines", self._wrap(records.append_lines, _half_of_the_lines)
        )
        monkeypatch.setattr(
            checkpoints,
            "write_atomically",
            self._wrap(files.write_atomically, _half_of_the_file),
        )

    def _wrap(self, write: Callable, half: Callable) -> Callable:
        def wrapped(path, content):
            self.count += 1
            if self.count == self.crash_at:
                half(path, content)
                raise Crash
            write(path, content)

        return wrapped


def _half_of_the_lines(path: Path, lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    with open(path, "a") as file:
        file.write(text[: len(text) // 2])


def _half_of_the_file(path: Path, write: Callable) -> None:
    temporary = path.with_name(f".{path.name}.1{files.TEMPORARY_SUFFIX}")
    with open(temporary, "wb") as file:
        write(file)
    os.truncate(temporary, temporary.stat().st_size // 2)


@contextlib.contextmanager
def signal_after(update: int, number: signal.Signals) -> Iterator[None]:
    """Sends this process a signal while the metrics of that update are written."""
    with pytest.MonkeyPatch.context() as patch:
        append = RunDirectory.append_metrics

        def append_and_signal(run, record):
            append(run, record)
            if record["update"] == update:
                signal.raise_signal(number)

        patch.setattr(RunDirectory, "append_metrics", append_and_signal)
        yield


def updates_of(run: Path) -> list[int]:
    return sorted(
        {row.frames // FRAMES_PER_UPDATE for row in RunDirectory.open(run).read_evaluations()}
    )


def test_a_run_leaves_its_records(finished_run: Path):
    assert sorted(os.listdir(finished_run)) == [
        ".lock",
        "checkpoints",
        "evaluations.csv",
        "metrics.jsonl",
        "settings.json",
    ]
    rows = RunDirectory.open(finished_run).read_evaluations()
    members = [(1e-3, 0), (1e-3, 1), (1e-2, 0), (1e-2, 1)]
    assert [(row.frames, row.member, row.learning_rate, row.seed, row.episode) for row in rows] == [
        (update * FRAMES_PER_UPDATE, member, *members[member], episode)
        for update in EVALUATED
        for member in range(4)
        for episode in range(2)
    ]
    for row in rows:
        # +4 or -3, on average over the tasks.
        assert row.success is not None
        assert row.episode_return == pytest.approx(7 * row.success - 3, abs=1e-5)
    metrics = metrics_of(finished_run)
    assert [record["update"] for record in metrics] == list(range(1, UPDATES + 1))
    assert all(len(record["loss"]) == 4 for record in metrics)
    assert not any("diverged_episodes" in record for record in metrics)


def test_members_differ_in_seed_and_learning_rate(finished_run: Path):
    arrays = arrays_of(finished_run)
    weights = next(value for name, value in arrays.items() if "networks" in name)
    assert len({member.tobytes() for member in weights}) == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("update", [1, 4, 7])
def test_a_signal_saves_and_resuming_is_exact(
    finished_run: Path, tmp_path: Path, update: int, number: signal.Signals
):
    handler = signal.getsignal(number)
    with signal_after(update, number):
        result = start_run(run_settings(), out=tmp_path / "run", quiet=True)
    assert signal.getsignal(number) == handler
    assert result.frames == update * FRAMES_PER_UPDATE
    # In the last update there is nothing left to stop.
    assert result.finished == (update == UPDATES)
    assert result.failed == ()
    assert resume(tmp_path / "run", quiet=True).finished
    assert_same_run(tmp_path / "run", finished_run)


def test_a_signal_before_the_first_update(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    enter = Interrupts.__enter__

    def enter_and_signal(interrupts):
        entered = enter(interrupts)
        signal.raise_signal(signal.SIGTERM)
        return entered

    with monkeypatch.context() as patch:
        patch.setattr(Interrupts, "__enter__", enter_and_signal)
        results = [
            start_run(run_settings(), out=tmp_path / "run", quiet=True),
            resume(tmp_path / "run", quiet=True),
        ]
    assert [(result.finished, result.frames) for result in results] == [(False, 0)] * 2
    resume(tmp_path / "run", quiet=True)
    assert_same_run(tmp_path / "run", finished_run)


def test_a_run_stopped_again_and_again_is_exact(finished_run: Path, tmp_path: Path):
    with signal_after(1, signal.SIGTERM):
        start_run(run_settings(), out=tmp_path / "run", quiet=True)
    for update in (2, 3, 5):
        with signal_after(update, signal.SIGINT):
            assert not resume(tmp_path / "run", quiet=True).finished
    resume(tmp_path / "run", quiet=True)
    assert_same_run(tmp_path / "run", finished_run)
    # Once finished, it stays as it is.
    resume(tmp_path / "run", quiet=True)
    assert_same_run(tmp_path / "run", finished_run)


def test_more_frames_give_the_run_that_had_them_from_the_start(finished_run: Path, tmp_path: Path):
    # The first end, after 3 updates, and the second, after 5, are between two evaluations.
    result = start_run(run_settings(frames=100), out=tmp_path / "run", quiet=True)
    assert result.frames == 96
    assert updates_of(tmp_path / "run") == [0, 2, 3]
    assert resume(tmp_path / "run", frames=160, quiet=True).frames == 160
    assert updates_of(tmp_path / "run") == [0, 2, 4, 5]
    resume(tmp_path / "run", frames=UPDATES * FRAMES_PER_UPDATE, quiet=True)
    assert_same_run(tmp_path / "run", finished_run)
    kept = RunDirectory.open(tmp_path / "run").settings
    assert kept == RunDirectory.open(finished_run).settings


def test_a_run_is_made_again_from_its_settings_alone(finished_run: Path, tmp_path: Path):
    (tmp_path / "again").mkdir()
    shutil.copy(finished_run / "settings.json", tmp_path / "again")
    assert resume(tmp_path / "again", quiet=True).finished
    assert_same_run(tmp_path / "again", finished_run)


def test_another_seed_is_another_run(finished_run: Path, tmp_path: Path):
    start_run(run_settings(first_seed=1), out=tmp_path / "run", quiet=True)
    ours, others = arrays_of(tmp_path / "run"), arrays_of(finished_run)
    name = next(name for name in ours if "networks" in name)
    # Seed 1 is the first member of one run and the second of the other.
    np.testing.assert_array_equal(ours[name][0], others[name][1])
    assert ours[name][1].tobytes() != others[name][0].tobytes()


@pytest.mark.parametrize("minutes", [0.0, 60.0])
def test_a_crash_at_any_write_loses_nothing(finished_run: Path, tmp_path: Path, minutes: float):
    # With 0 minutes every update is saved; with 60 the end alone, so that a crash starts afresh.
    settings = run_settings(checkpoint_minutes=minutes)
    with pytest.MonkeyPatch.context() as patch:
        writes = Writes(patch)
        start_run(settings, out=tmp_path / "whole", quiet=True)
    assert_same_run(tmp_path / "whole", finished_run)
    assert writes.count == UPDATES + len(EVALUATED) + (UPDATES + 1 if minutes == 0 else 1)
    for crash_at in range(1, writes.count + 1):
        run = tmp_path / str(crash_at)
        with pytest.MonkeyPatch.context() as patch:
            Writes(patch, crash_at)
            with pytest.raises(Crash):
                start_run(settings, out=run, quiet=True)
        # Whatever is there can be read.
        latest = checkpoints.latest(run / "checkpoints")
        if latest is not None:
            checkpoints.read_metadata(latest)
        RunDirectory.open(run).read_evaluations()
        resume(run, quiet=True)
        assert_same_run(run, finished_run)


def test_sigterm_to_a_process_saves_and_resuming_is_exact(tmp_path: Path):
    settings = run_settings(frames=100_000_000, evaluation_interval=1000)
    # Made here, so that only the resuming process has to be stopped.
    with signal_after(1, signal.SIGTERM):
        start_run(settings, out=tmp_path / "run", quiet=True)
    before = (tmp_path / "run" / "metrics.jsonl").stat().st_size
    process = start_process("resume", "run", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    while (tmp_path / "run" / "metrics.jsonl").stat().st_size == before:
        assert process.poll() is None, process.stderr.read()
    process.terminate()
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "Stopping after this update and saving" in errors
    assert "To go on: splagger resume run" in output
    done = len(metrics_of(tmp_path / "run"))
    latest = checkpoints.latest(tmp_path / "run" / "checkpoints")
    assert latest is not None
    assert int(latest.stem) == done
    # A run made for just these frames, in this process, ends with the same state.
    frames = done * FRAMES_PER_UPDATE
    start_run(replace(settings, frames=frames), out=tmp_path / "whole", quiet=True)
    assert metrics_of(tmp_path / "whole") == metrics_of(tmp_path / "run")
    ours, others = arrays_of(tmp_path / "run"), arrays_of(tmp_path / "whole")
    assert {k: v.tobytes() for k, v in ours.items()} == {k: v.tobytes() for k, v in others.items()}


def test_kill_9_loses_nothing(tmp_path: Path):
    tool = ROOT / "tools" / "kill_and_resume.py"
    options = ["--kills", "2", "--frames", "1600", "--moments-seed", "1", "--recipe", "default"]
    flags = [*FLAGS]
    del flags[flags.index("--frames") : flags.index("--frames") + 2]
    completed = subprocess.run(
        [sys.executable, str(tool), *options, *flags, "--environment", ENVIRONMENT],
        env=environment_variables(TMPDIR=str(tmp_path)),
        capture_output=True,
        text=True,
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr
    assert "never stopped: 50 updates" in completed.stdout
    assert "verdict after 2 kills: nothing was lost" in completed.stdout
    killed = next(tmp_path.glob("kill-and-resume-*/killed"))
    assert len(metrics_of(killed)) == 50


# A loss that is not finite


@pytest.fixture(scope="module")
def failing_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run two of whose members fail in their first update."""
    path = tmp_path_factory.mktemp("failing") / "run"
    settings = run_settings(learning_rates=(1e-2, ABSURD), evaluation_interval=1)
    result = start_run(settings, out=path, quiet=True)
    assert result.finished
    assert result.failed == ((ABSURD, 0), (ABSURD, 1))
    return path


def test_the_others_go_on_as_if_nothing_had_happened(failing_run: Path, finished_run: Path):
    ours, others = arrays_of(failing_run), arrays_of(finished_run)
    for name in ours:
        assert ours[name][:2].tobytes() == others[name][2:].tobytes(), name
    rows = RunDirectory.open(failing_run).read_evaluations()
    whole = RunDirectory.open(finished_run).read_evaluations()
    healthy = [
        replace(row, member=row.member + 2)
        for row in rows
        if row.member < 2 and row.frames // FRAMES_PER_UPDATE in EVALUATED
    ]
    assert healthy == [row for row in whole if row.member >= 2]


def test_the_failed_member_keeps_its_last_good_state(failing_run: Path):
    arrays = arrays_of(failing_run)
    assert arrays["state.failed_at"].tolist() == [-1, -1, 0, 0]
    for name, value in arrays.items():
        if "annealing" not in name and np.issubdtype(value.dtype, np.floating):
            # Only what is known not to be the task has a belief of logarithm -inf.
            known = "log_belief" in name
            assert not np.isnan(value).any(), name
            assert known or np.isfinite(value).all(), name
    networks = [name for name in arrays if ".networks." in name]
    # It failed in its first update, so it has not moved; the others have.
    initial = arrays_of_start(failing_run)
    assert all(np.array_equal(arrays[name][2:], initial[name][2:]) for name in networks)
    assert not all(np.array_equal(arrays[name][:2], initial[name][:2]) for name in networks)


def arrays_of_start(run: Path) -> dict[str, np.ndarray]:
    """The state of a run before its first update."""
    directory, session = open_session(run, trust=False)
    # As in the loop, or jax compiles once more.
    with matrix_product_precision(session.settings.precision):
        path = checkpoints.save(directory.path / "start", 0, session.initial_state(), {})
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files if name != "metadata.json"}
    shutil.rmtree(directory.path / "start")
    return arrays


def test_evaluations_of_the_failed_member_end(failing_run: Path):
    rows = RunDirectory.open(failing_run).read_evaluations()
    last = {member: max(r.frames for r in rows if r.member == member) for member in range(4)}
    end = UPDATES * FRAMES_PER_UPDATE
    assert last == {0: end, 1: end, 2: 0, 3: 0}
    losses = metrics_of(failing_run)[0]["loss"]
    assert None not in losses[:2]
    assert losses[2:] == [None, None]


def test_a_failure_in_the_middle_keeps_the_update_before(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    update = Sweep.update

    def update_with_an_absurd_step(sweep, state):
        if state.updates[1] == 4:
            rates = state.hyperparameters.learning_rate.at[1].set(ABSURD)
            state = eqx.tree_at(lambda s: s.hyperparameters.learning_rate, state, rates)
        return update(sweep, state)

    start_run(run_settings(frames=4 * FRAMES_PER_UPDATE), out=tmp_path / "before", quiet=True)
    monkeypatch.setattr(Sweep, "update", update_with_an_absurd_step)
    result = start_run(run_settings(), out=tmp_path / "run", quiet=True)
    assert result.failed == ((1e-3, 1),)
    ours, before = arrays_of(tmp_path / "run"), arrays_of(tmp_path / "before")
    whole = arrays_of(finished_run)
    assert ours["state.failed_at"].tolist() == [-1, 4, -1, -1]
    for name in ours:
        if name.startswith(("state.agent", "state.optimiser", "state.collector", "state.key")):
            assert ours[name][1].tobytes() == before[name][1].tobytes(), name
            others = [0, 2, 3]
            assert ours[name][others].tobytes() == whole[name][others].tobytes(), name
    rows = RunDirectory.open(tmp_path / "run").read_evaluations()
    assert {row.frames for row in rows if row.member == 1} == {0, 64, 128}


def test_the_message_names_members_and_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    settings = run_settings(learning_rates=(1e-2, ABSURD), frames=3 * FRAMES_PER_UPDATE)
    start_run(settings, out=tmp_path / "run")
    shown = capsys.readouterr().err
    path = tmp_path / "run" / "checkpoints" / "000000000001.npz"
    for seed in (0, 1):
        line = next(line for line in shown.splitlines() if f"1e+38, seed {seed}: " in line)
        assert "a loss was not finite in update 1" in line
        assert str(path) in line
    assert checkpoints.read_metadata(path)["update"] == 1


def test_with_every_member_failed_training_ends(tmp_path: Path):
    settings = run_settings(learning_rates=(ABSURD, ABSURD / 2), frames=10**9)
    result = start_run(settings, out=tmp_path / "run", quiet=True)
    assert len(result.failed) == 4
    assert result.frames < UPDATES * FRAMES_PER_UPDATE
    assert updates_of(tmp_path / "run") == [0]
    again = resume(tmp_path / "run", quiet=True)
    assert again == result


def test_a_crash_around_the_failure_loses_nothing(failing_run: Path, tmp_path: Path):
    settings = run_settings(learning_rates=(1e-2, ABSURD), evaluation_interval=1)
    # In turn: the first evaluation, the metrics of update 1, its evaluation, its checkpoint, the
    # metrics of update 2.
    for crash_at in range(2, 6):
        run = tmp_path / str(crash_at)
        with pytest.MonkeyPatch.context() as patch:
            Writes(patch, crash_at)
            with pytest.raises(Crash):
                start_run(settings, out=run, quiet=True)
        assert resume(run, quiet=True).failed == ((ABSURD, 0), (ABSURD, 1))
        assert_same_run(run, failing_run)


# What the system refuses


def test_a_full_disk_leaves_the_last_checkpoint(finished_run: Path, tmp_path: Path):
    settings = run_settings(checkpoint_minutes=0)
    run = tmp_path / "run"

    def refuse(path, write):
        raise UserError(f"cannot write '{path}': No space left on device.")

    with pytest.MonkeyPatch.context() as patch:
        with signal_after(4, signal.SIGTERM):
            start_run(settings, out=run, quiet=True)
        patch.setattr(checkpoints, "write_atomically", refuse)
        with pytest.raises(UserError, match="No space left"):
            resume(run, quiet=True)
    resume(run, quiet=True)
    assert_same_run(run, finished_run)
