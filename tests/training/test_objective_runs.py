"""Trainings with objectives from end to end: stopped, gone on with, loaded and watched."""

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.host_runs import POLES
from support.objectives import GRID, objective_settings
from support.runs import assert_same_run, metrics_of
from support.trials import read_gif

from splagger.cli.main import main
from splagger.foundation.settings import Settings
from splagger.training.run_directory import RunDirectory
from splagger.training.train import resume, start_run
from splagger.training.trained_agent import load

ON_HOST = "varibad on a host"
AGENTS = {"ti": "ti", ON_HOST: "varibad"}
UPDATES = 4
ERRORS = {
    "ti": {"reward_error", "inference_error"},
    ON_HOST: {"reward_error"},
}


def settings_of(name: str) -> Settings:
    """Two members that are evaluated at the end."""
    environment = POLES if name == ON_HOST else GRID
    changes: dict[str, Any] = {"evaluation_interval": UPDATES, "evaluation_tasks": 3}
    settings = objective_settings(AGENTS[name], environment, learning_rates=(1e-3, 1e-2), **changes)
    return replace(settings, host=replace(settings.host, workers=0))


@pytest.fixture(scope="module", params=AGENTS)
def whole(request, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A run that was never stopped, and what it is called. Nobody may change it."""
    path = tmp_path_factory.mktemp("whole") / "run"
    assert start_run(settings_of(request.param), out=path, quiet=True).finished
    return request.param, path


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not(whole: tuple[str, Path], tmp_path: Path):
    name, path = whole
    # For task inference in the middle of the warm-up, and at its end.
    interrupted_at = (1, 2)
    append = RunDirectory.append_metrics

    def append_and_signal(run, record):
        append(run, record)
        if record["update"] in interrupted_at:
            signal.raise_signal(signal.SIGINT)

    run = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunDirectory, "append_metrics", append_and_signal)
        assert not start_run(settings_of(name), out=run, quiet=True).finished
        assert not resume(run, trust=True, quiet=True).finished
    assert resume(run, trust=True, quiet=True).finished
    assert_same_run(run, path)


def test_metrics_show_the_bound_and_its_parts(whole: tuple[str, Path]):
    name, path = whole
    records = metrics_of(path)
    assert [record["update"] for record in records] == [1, 2, 3, 4]
    for record in records:
        assert {part for part in record if part.endswith("_error")} == ERRORS[name]
        for part in ("elbo", "kl", *ERRORS[name]):
            assert np.isfinite(record[part]).all()
        assert max(np.abs(record["first_log_ratio"])) < 1e-5
    assert min(records[-1]["kl"]) > 0


def test_a_trained_agent_acts_and_is_watched(whole: tuple[str, Path], tmp_path: Path):
    name, path = whole
    agent = load(path, trust=True)
    observation = np.zeros(agent.trial.environment.observation_space.size)
    action, memory = agent.step(agent.initial_memory(), observation)
    following, _ = agent.step(memory, observation, 1.0)
    assert {action, following} <= set(range(5))
    assert agent.agent.told is None or not bool(agent.agent.told)
    out = tmp_path / "trial.gif"
    words = ["watch", str(path), "--out", str(out), "--size", "160", "--max-steps", "2", "--trust"]
    assert main(words) == 0
    assert len(read_gif(out.read_bytes())[0]) == 3
