"""Several processes train one run: the first writes it, all of them compute it."""

import socket
from pathlib import Path

import pytest
from support.runs import FLAGS, flags_of_devices, metrics_of, run_settings, start_process

from splagger.foundation.errors import UserError
from splagger.training.processes import anywhere, from_first, is_first_process, join_processes
from splagger.training.run_directory import RunDirectory
from splagger.training.train import start_run

FRAMES = 64
TRAIN = ["train", "t-maze-long-noise:length=3,episodes=2", *FLAGS, "--frames", str(FRAMES)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("localhost:1", 2, None), "are given together or not at all"),
        (("localhost", 2, 0), "coordinator is 'localhost', but it must be HOST:PORT"),
        (("localhost:1", 0, 0), "process_count is 0, but it must be at least 1"),
        (("localhost:1", 2, 2), "process_index is 2, but it must be from 0 to 1"),
    ],
)
def test_what_does_not_fit_is_refused(given, message):
    coordinator, count, index = given
    with pytest.raises(UserError, match=message):
        join_processes(coordinator=coordinator, process_count=count, process_index=index)


def test_one_process_asks_nobody():
    assert is_first_process()
    assert from_first(lambda: "made") == "made"
    assert (anywhere(True), anywhere(False)) == (True, False)


def test_two_processes_leave_the_run_of_one(tmp_path: Path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    together = ["--coordinator", f"localhost:{port}", "--process-count", "2", "--out", "both"]
    processes = [
        start_process(
            *[*TRAIN, *together, "--process-index", str(index)],
            cwd=tmp_path,
            XLA_FLAGS=flags_of_devices(2),
            JAX_PLATFORMS="cpu",
        )
        for index in range(2)
    ]
    start_run(run_settings(frames=FRAMES), out=tmp_path / "one", quiet=True)
    outputs = [process.communicate(timeout=600) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    # The second one shows nothing of the run; the library that connects them prints a line or two.
    assert "4 of 4 devices train" in outputs[0][1]
    assert "final evaluation" in outputs[0][0]
    assert "devices train" not in outputs[1][1]
    assert "evaluation" not in outputs[1][0]

    one, both = (RunDirectory.open(tmp_path / name) for name in ("one", "both"))
    names = [
        sorted(str(path.relative_to(run.path)) for path in run.path.rglob("*.[!p]*"))
        for run in (one, both)
    ]
    assert names[0] == names[1]
    assert one.settings == both.settings
    assert one.read_evaluations() == both.read_evaluations()
    for ours, theirs in zip(metrics_of(both.path), metrics_of(one.path), strict=True):
        assert ours.keys() == theirs.keys()
        for name, values in ours.items():
            assert values == pytest.approx(theirs[name], rel=1e-3, abs=1e-4), name
