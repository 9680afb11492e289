"""Trainings in simulators on the host: stopped, failed and gone on with, from end to end."""

import multiprocessing
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from support.host_runs import FAILURE, FORGETFUL, POLES, host_settings, poles
from support.runs import assert_same_run, metrics_of
from support.trials import read_gif

from splagger.cli.main import main
from splagger.environments.host.in_process import InProcess
from splagger.environments.host.simulators import SimulatorError
from splagger.foundation.errors import UserError
from splagger.foundation.settings import Settings
from splagger.learning.host_rollout import collect_on_host
from splagger.recipes.agent_sizes import agent_sizes
from splagger.training.evaluate_run import evaluate_run
from splagger.training.run_directory import RunDirectory
from splagger.training.train import resume, start_run
from splagger.training.trained_agent import load

FRAMES = 5 * 32


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was never stopped. Nobody may change it."""
    path = tmp_path_factory.mktemp("whole") / "run"
    assert start_run(host_settings(), out=path, quiet=True).finished
    return path


def stopped(path: Path, settings: Settings, failure: str = "raise") -> str:
    """A run whose simulators fail in the fourth update; the message."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FAILURE, failure)
        with pytest.raises(SimulatorError) as error:
            start_run(settings, out=path, quiet=True)
    assert [record["update"] for record in metrics_of(path)] == [1, 2, 3]
    return str(error.value)


def test_a_run_records_what_compiled_ones_do(whole: Path):
    records = metrics_of(whole)
    assert [record["frames"] for record in records] == [32, 64, 96, 128, 160]
    assert np.isfinite([record["loss"] for record in records]).all()
    assert np.abs([record["first_log_ratio"] for record in records]).max() < 1e-5
    assert not any("fresh_trials" in record for record in records)
    rows = RunDirectory.open(whole).read_evaluations()
    assert [row.frames for row in rows] == [0] * 4 + [160] * 4
    assert all(row.success is not None and row.episode_return > 0 for row in rows)


@pytest.mark.parametrize("failure", ["raise", "nan"])
def test_after_a_failure_it_goes_on_as_if_it_had_never_stopped(
    whole: Path, tmp_path: Path, failure: str
):
    message = stopped(tmp_path / "run", host_settings(), failure)
    assert {"raise": "the pole broke", "nan": "not finite"}[failure] in message
    assert "96 frames is saved" in message
    assert f"splagger resume {tmp_path / 'run'} --trust" in message
    assert resume(tmp_path / "run", trust=True, quiet=True).finished
    assert_same_run(tmp_path / "run", whole)


def test_a_failing_evaluation_is_made_when_the_run_goes_on(whole: Path, tmp_path: Path):
    run = tmp_path / "run"

    def fail(*_, **__):
        raise SimulatorError("the light went out.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("splagger.training.session.evaluate_on_host", fail)
        with pytest.raises(SimulatorError, match=r"light went out\. .* 0 frames is saved"):
            start_run(host_settings(), out=run, quiet=True)
    resume(run, trust=True, quiet=True)
    assert_same_run(run, whole)


def test_more_frames_than_before(whole: Path, tmp_path: Path):
    start_run(host_settings(frames=64), out=tmp_path / "run", quiet=True)
    resume(tmp_path / "run", frames=FRAMES, trust=True, quiet=True)
    assert_same_run(tmp_path / "run", whole)


def test_without_their_state_new_trials_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run = tmp_path / "run"
    stopped(run, host_settings(FORGETFUL))
    before = metrics_of(run)
    resume(run, trust=True)
    told = capsys.readouterr().err
    assert "could not be put back where they stood (the wrapper Opaque is outside" in told
    records = metrics_of(run)
    assert records[:3] == before
    assert [record.get("fresh_trials") for record in records] == [None] * 3 + [True, None]


def test_workers_change_nothing_and_one_that_dies_is_named(whole: Path, tmp_path: Path):
    settings = host_settings(host={"workers": 2})
    message = stopped(tmp_path / "run", settings, "kill")
    assert "SIGKILL" in message
    assert resume(tmp_path / "run", trust=True, quiet=True).finished
    assert_same_run(tmp_path / "run", whole)
    assert multiprocessing.active_children() == []


def test_the_command_line_says_one_sentence_and_exits_with_2(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch
):
    run = shutil.copytree(whole, tmp_path / "run")
    monkeypatch.setenv(FAILURE, "raise")
    more = str(FRAMES + 4 * 32)
    assert main(["resume", str(run), "--trust", "--frames", more, "--quiet"]) == 2
    errors = capsys.readouterr().err
    assert "the pole broke" in errors
    assert "Traceback" not in errors


def test_an_interrupt_stops_after_the_update(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = tmp_path / "run"
    closed = []
    close = InProcess.close
    monkeypatch.setattr(InProcess, "close", lambda self: closed.append(self) or close(self))

    def interrupted(*arguments, **options):
        signal.raise_signal(signal.SIGINT)
        return collect_on_host(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("splagger.learning.host_sweep.collect_on_host", interrupted)
        result = start_run(host_settings(), out=run, quiet=True)
    assert not result.finished
    assert result.frames == 32
    # Those of the training are the only ones of eight.
    assert any(simulators.count == 8 for simulators in closed)
    resume(run, trust=True, quiet=True)
    assert_same_run(run, whole)


def test_nothing_is_imported_without_trust(whole: Path, tmp_path: Path):
    run = shutil.copytree(whole, tmp_path / "run")
    for function in (resume, evaluate_run, load):
        with pytest.raises(UserError, match="would import and run code from support.host_runs"):
            function(run)


def test_evaluating_it_later(whole: Path):
    result = evaluate_run(whole, tasks=5, trust=True)
    again = evaluate_run(whole, tasks=5, trust=True)
    erased = evaluate_run(whole, tasks=5, trust=True, erase_memory=True)
    assert result == again
    assert result["environment"] == POLES
    assert [len(member["return_per_episode"]) for member in result["members"]] == [2, 2]
    assert [member["frames"] for member in erased["members"]] == [160, 160]
    longer = evaluate_run(whole, tasks=5, environment=f"{POLES}:max_episode_steps=30", trust=True)
    assert longer["environment"].endswith("max_episode_steps=30")


def test_a_trained_agent_acts(whole: Path):
    agent = load(whole, trust=True)
    action, memory = agent.step(agent.initial_memory(), [0.0, 0.0, 0.1, 0.0])
    assert action in (0, 1)
    action, _ = agent.step(memory, [0.0, 0.1, 0.1, 0.0], 1.0)
    assert action in (0, 1)


def test_agents_have_sizes_and_curves_are_drawn(whole: Path, tmp_path: Path):
    assert agent_sizes(host_settings(), poles()).policy > 100
    assert main(["plot", str(whole), "--out", str(tmp_path / "figure.png")]) == 0
    assert (tmp_path / "figure.png").stat().st_size > 1000


def test_a_trained_agent_is_watched(whole: Path, tmp_path: Path):
    out = tmp_path / "trial.gif"
    words = ["watch", str(whole), "--out", str(out), "--size", "160", "--max-steps", "3"]
    assert main(words) == 2
    assert main([*words, "--trust"]) == 0
    assert len(read_gif(out.read_bytes())[0]) == 4
