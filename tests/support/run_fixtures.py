"""Fixtures of tests that need a finished run."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run that was never stopped. Nobody may change it."""
    # Imported here, because most files need neither; it takes two seconds.
    from support.runs import run_settings

    from splagger.training.train import start_run

    path = tmp_path_factory.mktemp("finished") / "run"
    assert start_run(run_settings(), out=path, quiet=True).finished
    return path


@pytest.fixture
def run_copy(finished_run: Path, tmp_path: Path) -> Path:
    """A copy of it that may be changed."""
    return shutil.copytree(finished_run, tmp_path / "copy")
