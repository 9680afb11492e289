import json
from pathlib import Path

import pytest

from splagger.cli.main import main

SOURCE = """
from support.bad_environments import Good, PythonIf, TaskWithoutEffect
"""


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A module of a user's, and a terminal that is wide enough."""
    (tmp_path / "own_commanded.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


def test_failures_are_written_in_full_and_the_status_is_1(capsys: pytest.CaptureFixture[str]):
    assert main(["check", "own_commanded:PythonIf"]) == 1
    output, errors = capsys.readouterr()
    assert errors == ""
    assert "Check of own_commanded:PythonIf" in output
    assert "1 failures, 0 warnings" in output
    text = " ".join(output.split())
    assert "in step: if state == task:" in text
    assert "Use jnp.where or jax.lax.cond for if" in text


def test_warnings_are_no_failures(capsys: pytest.CaptureFixture[str]):
    assert main(["check", "own_commanded:TaskWithoutEffect"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "0 failures, 1 warnings" in text
    assert "does the task matter?" in text


def test_json(capsys: pytest.CaptureFixture[str]):
    assert main(["check", "own_commanded:PythonIf", "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert result["environment"] == "own_commanded:PythonIf"
    assert result["passed"] is False
    (failure,) = (found for found in result["findings"] if found["outcome"] != "ok")
    assert failure.keys() == {"check", "method", "outcome", "message", "fix"}
    assert failure["method"] == "step"


def test_gymnasium_environments_give_the_same_table(capsys: pytest.CaptureFixture[str]):
    assert main(["check", "support.bad_host_environments:FourValues"]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "1 failures, 0 warnings" in text
    assert "step returned 4 values" in text
    assert "Return (observation, reward, terminated, truncated, info)" in text


def test_an_unknown_environment_is_bad_input(capsys: pytest.CaptureFixture[str]):
    assert main(["check", "t-maze-nois"]) == 2
    assert "did you mean t-maze-noise" in capsys.readouterr().err
