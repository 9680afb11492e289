import json
import math
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from splagger.foundation.errors import UserError
from splagger.training.run_directory import (
    START_POSITIONS,
    EvaluationRow,
    RunDirectory,
    default_path,
)

SETTINGS = {"environment": "t-maze", "agent": {"name": "splagger"}, "learning_rates": [1e-3, 0.1]}


def row(member=0, frames=100, episode=0, episode_return=0.1 + 0.2, success=None):
    return EvaluationRow(member, 1 / 3 * 1e-3, 73, frames, episode, episode_return, success)


@pytest.fixture
def run(tmp_path):
    return RunDirectory.create(tmp_path / "run", SETTINGS)


def hold_lock_elsewhere(path):
    """Starts a process that holds the lock, and waits until it does."""
    program = (
        "import fcntl, os, sys, time\n"
        "descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)\n"
        "fcntl.flock(descriptor, fcntl.LOCK_EX)\n"
        "os.write(descriptor, str(os.getpid()).encode())\n"
        "print('locked', flush=True)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", program, str(path / ".lock")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    return process


def end(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_settings_round_trip_with_versions(tmp_path):
    settings = {**SETTINGS, "pair": (1, 2), "rate": np.float64(0.1), "count": np.int32(3)}
    created = RunDirectory.create(tmp_path / "a" / "b", settings)
    opened = RunDirectory.open(tmp_path / "a" / "b")
    assert opened.settings == {**SETTINGS, "pair": [1, 2], "rate": 0.1, "count": 3}
    assert created.record == opened.record
    assert opened.record["format"] == 1
    assert set(opened.record["versions"]) == {
        "python", "jax", "jaxlib", "equinox", "optax", "numpy"
    }  # fmt: skip
    assert opened.record["versions"]["numpy"] == np.__version__
    assert re.match(r"\d{4}-\d\d-\d\dT", opened.record["created"])


def test_replaced_settings_keep_the_origin(run):
    before = dict(run.record)
    run.replace_settings({**SETTINGS, "frames": 5})
    opened = RunDirectory.open(run.path)
    assert opened.settings["frames"] == 5
    assert opened.settings == run.settings
    assert opened.record["created"] == before["created"]


def test_create_refuses_what_is_there(run, tmp_path):
    run.append_metrics({"loss": 1})
    with pytest.raises(UserError, match="--overwrite"):
        RunDirectory.create(run.path, {"other": 1})
    assert RunDirectory.open(run.path).settings == SETTINGS
    assert run.read_metrics() == [{"loss": 1}]
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="is a file"):
        RunDirectory.create(tmp_path / "file", SETTINGS)
    with pytest.raises(UserError, match="cannot make"):
        RunDirectory.create(tmp_path / "file" / "below", SETTINGS)


def test_overwrite_deletes_the_old_run_and_nothing_else(run):
    run.append_metrics({"loss": 1})
    run.append_evaluations([row()])
    for folder in (run.checkpoints, run.figures):
        folder.mkdir()
        (folder / "old").write_text("old")
    (run.path / "notes.txt").write_text("mine")
    new = RunDirectory.create(run.path, {"other": 1}, overwrite=True)
    assert RunDirectory.open(new.path).settings == {"other": 1}
    assert new.read_metrics() == []
    assert new.read_evaluations() == []
    assert not new.checkpoints.exists()
    assert not new.figures.exists()
    assert (run.path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("content", ["{}", "not json", '{"settings": {}}', '"text"'])
def test_overwrite_refuses_a_directory_that_is_not_a_run(tmp_path, content):
    (tmp_path / "settings.json").write_text(content)
    (tmp_path / "evaluations.csv").write_text("precious")
    with pytest.raises(UserError, match="not a run directory"):
        RunDirectory.create(tmp_path, SETTINGS, overwrite=True)
    assert (tmp_path / "evaluations.csv").read_text() == "precious"
    assert (tmp_path / "settings.json").read_text() == content


def test_overwrite_refuses_bad_settings_before_it_deletes(run):
    run.append_metrics({"loss": 1})
    with pytest.raises(ValueError, match="Out of range"):
        RunDirectory.create(run.path, {"rate": math.nan}, overwrite=True)
    with pytest.raises(TypeError, match="object"):
        RunDirectory.create(run.path, {"rate": object()}, overwrite=True)
    assert RunDirectory.open(run.path).read_metrics() == [{"loss": 1}]


def test_create_continues_where_a_killed_create_left_off(tmp_path):
    (tmp_path / ".lock").touch()
    (tmp_path / ".settings.json.77.tmp").write_text('{"form')
    run = RunDirectory.create(tmp_path, SETTINGS)
    assert sorted(os.listdir(run.path)) == [".lock", "settings.json"]


def test_open_says_what_is_wrong(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        RunDirectory.open(tmp_path / "absent")
    with pytest.raises(UserError, match="is empty"):
        RunDirectory.open(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file"):
        RunDirectory.open(tmp_path / "file")
    with pytest.raises(UserError, match="not a run directory"):
        RunDirectory.open(tmp_path)
    for content in (b"", b'{"format": 1', b"\xff\xfe", b'{"format": 1}', b"[]"):
        (tmp_path / "settings.json").write_bytes(content)
        with pytest.raises(UserError, match="damaged"):
            RunDirectory.open(tmp_path)


def test_open_refuses_another_format(run):
    record = json.loads((run.path / "settings.json").read_text())
    (run.path / "settings.json").write_text(json.dumps({**record, "format": 2}))
    with pytest.raises(UserError, match="format 2; this version reads format 1"):
        RunDirectory.open(run.path)


def test_default_paths_are_safe_and_never_the_same(tmp_path):
    paths = [default_path(tmp_path, "module:Maze/v0", "rnn+s") for _ in range(3)]
    assert len(set(paths)) == 3
    assert {path.parent for path in paths} == {tmp_path / "module-Maze-v0" / "rnn+s"}
    assert all(re.match(r"\d{4}-\d\d-\d\d-\d{6}", path.name) for path in paths)
    assert RunDirectory.create(paths[0], SETTINGS).settings == SETTINGS
    assert default_path(tmp_path, "..", "").parent == tmp_path / "unnamed" / "unnamed"


def test_lock_keeps_a_second_process_out(run):
    process = hold_lock_elsewhere(run.path)
    try:
        message = rf"in use by another process \(pid {process.pid}\)"
        with pytest.raises(UserError, match=message), run.locked():
            pass
        with pytest.raises(UserError, match="in use"):
            RunDirectory.create(run.path, {"other": 1}, overwrite=True)
        assert RunDirectory.open(run.path).settings == SETTINGS
    finally:
        end(process)
    # A killed process leaves no stale lock.
    with run.locked():
        assert (run.path / ".lock").read_text() == f"{os.getpid()}\n"


def test_lock_is_held_and_freed(run):
    with run.locked(), pytest.raises(UserError, match=f"pid {os.getpid()}"), run.locked():
        pass
    with run.locked():
        pass


def test_evaluations_round_trip_exactly(run):
    rows = [
        row(),
        row(member=1, episode=1, episode_return=-1e-17, success=0.95),
        row(frames=10**12, episode_return=math.inf, success=1.0),
    ]
    run.append_evaluations(rows[:1])
    run.append_evaluations(rows[1:])
    assert run.read_evaluations() == rows
    lines = (run.path / "evaluations.csv").read_text().splitlines()
    assert lines[0] == "member,learning_rate,seed,frames,episode,return,success,group"
    assert lines[1].endswith(",73,100,0,0.30000000000000004,,")
    assert len(lines) == 4


def test_evaluations_of_groups_are_kept_apart(run):
    whole, part = row(), replace(row(), group="forwards")
    run.append_evaluations([whole, part])
    assert run.read_evaluations() == [whole]
    assert run.read_evaluations(groups=True) == [part]


def test_a_table_without_groups_can_be_read(run):
    path = run.path / "evaluations.csv"
    path.write_text("member,learning_rate,seed,frames,episode,return,success\n0,0.1,2,3,0,4.5,\n")
    (only,) = run.read_evaluations()
    assert (only.episode_return, only.group) == (4.5, None)


def test_returns_that_are_not_finite_can_be_read(run):
    run.append_evaluations([row(episode_return=math.nan)])
    assert math.isnan(run.read_evaluations()[0].episode_return)


def test_metrics_become_plain_json(run):
    record = {
        "frames": np.int64(5),
        "loss": np.array([1.5, np.nan, -np.inf]),
        "rate": np.float32(0.5),
        "flag": np.bool_(True),
        "nothing": None,
        "nested": {"pair": (1, math.nan)},
    }
    run.append_metrics(record)
    expected = {
        "frames": 5,
        "loss": [1.5, None, None],
        "rate": 0.5,
        "flag": True,
        "nothing": None,
        "nested": {"pair": [1, None]},
    }
    assert run.read_metrics() == [expected]
    with pytest.raises(TypeError, match="object"):
        run.append_metrics({"bad": object()})
    assert run.read_metrics() == [expected]


@pytest.mark.parametrize("cut", [1, 3, 10])
def test_half_written_lines_are_ignored(run, cut):
    run.append_evaluations([row(member=0), row(member=1)])
    run.append_metrics({"update": 0})
    run.append_metrics({"update": 1})
    for name in START_POSITIONS:
        path = run.path / name
        os.truncate(path, path.stat().st_size - cut)
    assert run.read_evaluations() == [row(member=0)]
    assert run.read_metrics() == [{"update": 0}]


def test_a_half_written_header_is_an_empty_table(run):
    (run.path / "evaluations.csv").write_text("member,lear")
    assert run.read_evaluations() == []


def test_complete_damaged_lines_are_reported(run):
    run.append_evaluations([row()])
    with open(run.path / "evaluations.csv", "a") as file:
        file.write("1,2,three\n")
    with pytest.raises(UserError, match="line 3"):
        run.read_evaluations()
    (run.path / "evaluations.csv").write_text("something,else\n")
    with pytest.raises(UserError, match="first line"):
        run.read_evaluations()
    (run.path / "metrics.jsonl").write_text('{"update": 0}\n[1]\n')
    with pytest.raises(UserError, match="line 2"):
        run.read_metrics()


def test_cut_back_is_exact(run):
    assert run.positions() == START_POSITIONS
    run.append_evaluations([row(member=0)])
    run.append_metrics({"update": 0})
    positions = run.positions()
    contents = {name: (run.path / name).read_bytes() for name in positions}
    assert positions == {name: len(content) for name, content in contents.items()}
    run.append_evaluations([row(member=1)])
    run.append_metrics({"update": 1})
    with open(run.path / "metrics.jsonl", "a") as file:
        file.write('{"upd')
    run.cut_back(positions)
    assert {name: (run.path / name).read_bytes() for name in positions} == contents
    run.append_evaluations([row(member=2)])
    assert run.read_evaluations() == [row(member=0), row(member=2)]
    run.cut_back(START_POSITIONS)
    assert run.positions() == START_POSITIONS
    run.append_evaluations([row(member=3)])
    assert run.read_evaluations() == [row(member=3)]


def test_cut_back_refuses_records_that_are_not_those(run):
    run.append_evaluations([row(member=0)])
    run.append_metrics({"update": 0})
    run.append_evaluations([row(member=1)])
    positions = run.positions()
    content = (run.path / "evaluations.csv").read_bytes()
    with pytest.raises(UserError, match="no line that ends"):
        run.cut_back({**positions, "metrics.jsonl": positions["metrics.jsonl"] + 1})
    with pytest.raises(UserError, match="no line that ends"):
        run.cut_back({**positions, "evaluations.csv": positions["evaluations.csv"] - 1})
    (run.path / "metrics.jsonl").unlink()
    with pytest.raises(UserError, match="is missing"):
        run.cut_back({**positions, "evaluations.csv": 0})
    assert (run.path / "evaluations.csv").read_bytes() == content
