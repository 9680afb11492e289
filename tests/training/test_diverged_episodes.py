"""Trainings in which simulated physics diverge: they go on, and say how often it happened."""

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.diverging import SHAKY, SHAKY_POLES
from support.host_runs import host_settings
from support.runs import metrics_of, run_settings

from splagger.training.diverged_episodes import DivergedEpisodes
from splagger.training.run_directory import RunDirectory
from splagger.training.train import resume, start_run

FIRST = "for the first time in this run"


def record(update: int, diverged: list[int], episodes: list[int]) -> dict[str, Any]:
    return {"update": update, "diverged_episodes": diverged, "rollout_episodes": episodes}


def test_counts_go_on_from_what_was_recorded():
    total = DivergedEpisodes.of_records(
        [record(1, [1, 0], [600, 10]), record(2, [2, 0], [580, 10])], np.array([-1, -1])
    )
    assert total == DivergedEpisodes(3, 1200)
    assert str(total) == "3 of 1,200 episodes ended because the simulated physics diverged."
    later = total.after(record(3, [0, 4], [1, 5]), np.array([True, False]))
    assert later == DivergedEpisodes(7, 1205)


def test_a_stopped_member_counts_up_to_the_update_in_which_it_failed():
    records = [record(update, [1, 1], [10, 10]) for update in (1, 2, 3, 4)]
    # Its second update was the last.
    assert DivergedEpisodes.of_records(records, np.array([-1, 1])) == DivergedEpisodes(6, 60)


def test_where_physics_cannot_diverge_nothing_is_counted():
    total = DivergedEpisodes.of_records([{"update": 1, "rollout_episodes": [3]}], np.array([-1]))
    assert total == DivergedEpisodes()


def stop_after(update: int, patch: pytest.MonkeyPatch) -> None:
    append = RunDirectory.append_metrics

    def append_and_signal(run, record):
        append(run, record)
        if record["update"] == update:
            signal.raise_signal(signal.SIGTERM)

    patch.setattr(RunDirectory, "append_metrics", append_and_signal)


@pytest.mark.parametrize("where", [SHAKY, SHAKY_POLES])
def test_a_training_goes_on_and_says_how_often_it_happened(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    if where == SHAKY:
        settings = run_settings(
            environment=f"{SHAKY}:episodes=2", seeds=1, frames=5 * 32, evaluation_interval=5
        )
    else:
        settings = host_settings(where)
    with pytest.MonkeyPatch.context() as patch:
        stop_after(3, patch)
        assert not start_run(settings, out=tmp_path / "run").finished
    shown = capsys.readouterr().err
    assert shown.count(FIRST) == 1
    assert resume(tmp_path / "run", trust=True).finished
    shown = capsys.readouterr().err
    assert FIRST not in shown
    records = metrics_of(tmp_path / "run")
    assert [len(record["diverged_episodes"]) for record in records] == [2] * 5
    diverged, episodes = (
        sum(sum(record[name]) for record in records)
        for name in ("diverged_episodes", "rollout_episodes")
    )
    assert 0 < diverged < episodes
    assert f"{diverged} of {episodes} episodes ended because the simulated physics dive" in shown
    assert np.isfinite([record["loss"] for record in records]).all()
    rows = RunDirectory.open(tmp_path / "run").read_evaluations()
    assert {row.frames for row in rows} == {0, 5 * 32}
