import re
import signal
from dataclasses import fields
from pathlib import Path

import pytest
from support.runs import ENVIRONMENT, run_settings

from splagger.cli import demo
from splagger.cli.main import main
from splagger.foundation.settings import Settings
from splagger.training.run_directory import RunDirectory


def tiny(environment: str, agent: str, recipe: str) -> Settings:
    """The settings that the tests share, in place of the recipe that the demonstration uses."""
    assert recipe == "small"
    assert environment == ENVIRONMENT
    return run_settings(agent)


@pytest.fixture
def short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A demonstration of seconds; where it leaves its runs."""
    monkeypatch.setattr(demo, "_MAZE", ENVIRONMENT)
    monkeypatch.setattr(demo, "_SHORT_MAZE", ENVIRONMENT)
    monkeypatch.setattr(demo, "_FRAMES", 192)
    monkeypatch.setattr(demo, "_SHORT_FRAMES", 96)
    monkeypatch.setattr(demo, "_TASKS", 16)
    monkeypatch.setattr(demo, "settings_for", tiny)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_demonstration_runs_from_end_to_end(short: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["demo"]) == 0
    output, errors = capsys.readouterr()
    assert "A T-maze of length 100." in output
    [folder] = (short / "runs" / "demo" / "t-maze").iterdir()
    for name, updates in (("splagger", 6), ("rnn", 6), ("rnn-short-maze", 3)):
        rows = RunDirectory.open(folder / name).read_evaluations()
        assert max(row.frames for row in rows) == updates * 32
        assert f"{name.split('-')[0]} on {ENVIRONMENT}: " in errors
    assert (folder / "learning-curves.png").read_bytes().startswith(b"\x89PNG")
    assert "learning-curves.png, the runs beside it" in output
    # Best, mean and worst of the four members for each of the rows.
    rows = re.findall(r"│ (SplAgger|RNN)[^│]*│ +(\d+) │ +(\S+)% │ +(\S+)% │ +(\S+)% │", output)
    assert [(name, length) for name, length, *_ in rows] == [
        ("SplAgger", "100"),
        ("RNN", "100"),
        ("RNN", "10"),
        ("SplAgger", "100"),
    ]
    for _, _, best, mean, worst in rows:
        assert 0 <= float(worst) <= float(mean) <= float(best) <= 100


def test_an_interrupt_ends_it_with_what_is_saved(
    short: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    append = RunDirectory.append_metrics

    def append_and_interrupt(run, record):
        append(run, record)
        if record["update"] == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(RunDirectory, "append_metrics", append_and_interrupt)
    assert main(["demo", "--out", "here"]) == 0
    assert "Saved. To go on with this part: splagger resume here/splagger" in " ".join(
        capsys.readouterr().out.split()
    )
    assert [path.name for path in (short / "here").iterdir()] == ["splagger"]


def test_a_folder_that_is_taken_is_refused(short: Path, capsys: pytest.CaptureFixture[str]):
    (short / "here" / "splagger").mkdir(parents=True)
    (short / "here" / "splagger" / "notes.txt").write_text("mine")
    assert main(["demo", "--out", "here"]) == 2
    assert "exists and is not empty" in capsys.readouterr().err


def test_both_agents_get_the_same_chance():
    trainings = demo._trainings()
    splagger, rnn = trainings["splagger"], trainings["rnn"]
    for field in fields(Settings):
        same = getattr(splagger, field.name) == getattr(rnn, field.name)
        assert same == (field.name != "agent"), field.name
    different = [
        field.name
        for field in fields(splagger.agent)
        if getattr(splagger.agent, field.name) != getattr(rnn.agent, field.name)
    ]
    assert different == ["name", "aggregator", "split"]
    assert splagger.environment == "t-maze-long-noise"
    assert trainings["rnn-short-maze"].agent == rnn.agent
    assert trainings["rnn-short-maze"].environment == "t-maze-long-noise:length=10"
