"""Trainings with walking bodies on the host: stopped within an episode, and gone on with."""

import signal
from pathlib import Path

import numpy as np
import pytest
from support.host_runs import host_settings
from support.runs import assert_same_run, metrics_of

from splagger.learning.host_rollout import collect_on_host
from splagger.training.evaluate_run import evaluate_run
from splagger.training.train import resume, start_run


@pytest.mark.parametrize(
    ("environment", "workers"),
    [
        ("half-cheetah-direction:simulator=native,episode_steps=6", 2),
        ("hopper-random-parameters:simulator=native,episode_steps=6", 0),
    ],
)
def test_a_run_that_was_stopped_goes_on_as_if_it_had_never_been(
    environment: str, workers: int, tmp_path: Path
):
    settings = host_settings(environment, frames=3 * 32, host={"workers": workers, "overlap": True})
    whole, run = tmp_path / "whole", tmp_path / "run"
    assert start_run(settings, out=whole, quiet=True).finished

    def interrupted(*arguments, **options):
        signal.raise_signal(signal.SIGINT)
        return collect_on_host(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("splagger.learning.host_sweep.collect_on_host", interrupted)
        assert start_run(settings, out=run, quiet=True).frames == 32
    assert resume(run, quiet=True).finished
    assert_same_run(run, whole)
    records = metrics_of(run)
    assert len(records) == 3
    assert np.isfinite([record["loss"] for record in records]).all()
    assert not any("fresh_trials" in record for record in records)
    result = evaluate_run(run, tasks=3)
    assert np.isfinite([member["return_per_episode"] for member in result["members"]]).all()
