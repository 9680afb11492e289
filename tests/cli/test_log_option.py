"""`--log` of train, resume and submit."""

import importlib.util
from pathlib import Path

import pytest

from splagger.cli.commands import Resume, Train
from splagger.cli.main import main, parse
from splagger.cli.submit import _flags_of_resume


def test_loggers_are_chosen_by_name():
    command = parse(["train", "hall", "--log", "tensorboard", "wandb"])
    assert isinstance(command, Train)
    assert command.log == ("tensorboard", "wandb")
    command = parse(["resume", "run", "--log", "wandb"])
    assert isinstance(command, Resume)
    assert command.log == ("wandb",)


def test_other_names_are_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        parse(["train", "hall", "--log", "comet"])
    assert "comet" in capsys.readouterr().err


def test_a_submitted_job_logs_too():
    command = parse(["train", "hall", "--log", "tensorboard", "wandb", "--quiet"])
    assert isinstance(command, Train)
    words = _flags_of_resume(command)
    assert words == ["--log", "tensorboard", "wandb", "--quiet"]
    assert parse(["resume", "run", *words]) == Resume(
        Path("run"), log=("tensorboard", "wandb"), quiet=True
    )


def test_a_missing_package_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for words in (["train"], ["submit", "--", "train"]):
        assert main([*words, "hall", "--log", "tensorboard"]) == 2
        assert "pip install 'splagger[tensorboard]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
