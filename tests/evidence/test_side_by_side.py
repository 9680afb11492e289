import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.evidence_runs import MAZE, SCALE

from splagger.evidence import side_by_side
from splagger.evidence.experiment import Experiment
from splagger.evidence.side_by_side import SideBySide, visible_devices
from splagger.foundation.errors import UserError

SETTINGS = SCALE.settings(Experiment(MAZE, "max"), "tuning")

JOB = """
import signal, sys, time
from pathlib import Path
plan, run = map(Path, sys.argv[1:])
assert "t-maze" in plan.read_text()
{body}
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a program in the place of the training."""
    monkeypatch.setattr(side_by_side, "_POLL_SECONDS", 0.02)
    monkeypatch.setattr(side_by_side, "_MODULE", "fake_job")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def put(body: str) -> Path:
        (tmp_path / "fake_job.py").write_text(JOB.format(body=body))
        return tmp_path / "place" / "tuning"

    return put


def nothing() -> None:
    pass


def test_a_training_that_ends_well_leaves_only_its_run(job):
    path = job("run.mkdir(); print('done')")
    ending = SideBySide(1, 0).train(SETTINGS, path, nothing)
    assert ending is not None
    assert (ending.status, ending.message) == (0, "done")
    assert [one.name for one in path.parent.iterdir()] == ["tuning"]


def test_one_that_fails_leaves_its_words(job):
    path = job("print('first'); print('the reason', file=sys.stderr); sys.exit(2)")
    ending = SideBySide(1, 0).train(SETTINGS, path, nothing)
    assert ending is not None
    assert (ending.status, ending.message) == (2, "the reason")
    assert ending.log.read_text() == "first\nthe reason\n"
    assert ending.log == path.with_name("tuning.log")


def test_one_that_says_nothing(job):
    ending = SideBySide(1, 0).train(SETTINGS, job("sys.exit(7)"), nothing)
    assert ending is not None
    assert (ending.status, ending.message) == (7, "")


WAITS = """
def stop(*_):
    run.mkdir(exist_ok=True)
    (run / 'saved').touch()
    sys.exit(3)
signal.signal(signal.SIGINT, stop)
Path(f'{run}.ready').touch()
time.sleep(60)
"""


def stop_when_ready(processes: SideBySide, path: Path):
    def watch() -> None:
        if Path(f"{path}.ready").exists():
            processes.stopping.set()

    return watch


def test_when_all_is_to_stop_what_runs_saves_and_nothing_more_starts(job):
    path, processes = job(WAITS), SideBySide(1, 0)
    start = time.monotonic()
    ending = processes.train(SETTINGS, path, stop_when_ready(processes, path))
    assert ending is not None
    assert ending.status == 3
    assert (path / "saved").exists()
    assert time.monotonic() - start < 20
    assert processes.train(SETTINGS, path, nothing) is None


def test_the_deadline_stops(job):
    path = job(WAITS)
    processes = SideBySide(1, 0, deadline=time.monotonic() + 1.0)
    ending = processes.train(SETTINGS, path, nothing)
    assert ending is not None
    assert ending.status != 0
    assert processes.stopping.is_set()
    assert processes.train(SETTINGS, path, nothing) is None


def test_in_a_hurry_nothing_is_saved(job):
    path = job("signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)")
    processes = SideBySide(1, 0)
    processes.stopping.set()
    processes.hurry.set()
    ending = processes._train(SETTINGS, path, nothing, 0)
    assert ending.status == -9


def test_no_process_is_left_where_watching_fails(job, monkeypatch: pytest.MonkeyPatch):
    path, started = job(WAITS), []
    popen = subprocess.Popen

    def note(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    def watch() -> None:
        if Path(f"{path}.ready").exists():
            raise UserError("it is damaged")

    monkeypatch.setattr(subprocess, "Popen", note)
    with pytest.raises(UserError, match="it is damaged"):
        SideBySide(1, 0).train(SETTINGS, path, watch)
    assert started[0].returncode == 3
    assert (path / "saved").exists()


def test_where_nothing_can_be_written(tmp_path: Path):
    (tmp_path / "tuning.json").mkdir()
    with pytest.raises(UserError, match="cannot start a training beside"):
        SideBySide(1, 0).train(SETTINGS, tmp_path / "tuning", nothing)


def test_devices_are_shared(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4, 7")
    processes = SideBySide(jobs=3, devices=2)
    slots = [processes._environment(slot) for slot in range(3)]
    assert [one["CUDA_VISIBLE_DEVICES"] for one in slots] == ["4", "7", "4"]
    assert {one["XLA_PYTHON_CLIENT_MEM_FRACTION"] for one in slots} == {"0.460"}


def test_compiler_flags_yield_to_those_of_the_user(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XLA_FLAGS", "--mine")
    assert SideBySide(1, 0, "--ours")._environment(0)["XLA_FLAGS"] == "--mine"
    monkeypatch.delenv("XLA_FLAGS")
    assert SideBySide(1, 0, "--ours")._environment(0)["XLA_FLAGS"] == "--ours"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert "XLA_FLAGS" not in SideBySide(1, 1, "--ours")._environment(0)


def test_devices_that_are_visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert visible_devices() == []
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert visible_devices() == []
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_devices() == []
    tool = tmp_path / "nvidia-smi"
    lines = ["GPU 0: A GPU 80GB (UUID: GPU-1)", "  MIG 1g (UUID: MIG-1)", "GPU 1: A (UUID: GPU-2)"]
    tool.write_text(f"#!{sys.executable}\nprint({chr(10).join(lines)!r})\n")
    tool.chmod(0o755)
    assert visible_devices() == ["0", "1"]
