from pathlib import Path

import numpy as np
import pytest
from support.report_runs import ENVIRONMENT, RNN, make_run, plain_settings

from splagger.foundation.errors import UserError
from splagger.reporting.report.reported_run import by_environment, read_runs


def test_a_run_is_read(tmp_path: Path):
    [run] = read_runs([make_run(tmp_path / "run")])
    assert (run.label, run.environment, run.frames) == ("splagger", ENVIRONMENT, 2000)
    assert run.settings is not None
    assert run.command is not None
    assert run.command.words == ["train", ENVIRONMENT, "--seeds", "3"]
    # Two episodes whose best possible return is 4.
    assert run.optimum == 8.0
    np.testing.assert_array_equal(run.final_returns, [[3, 3], [3.5, 3.5], [4, 4]])
    np.testing.assert_array_equal(run.final_successes, [0.5, 0.5, 0.5])
    assert run.stopped == 0
    assert run.plain_settings["agent.encoder.size"] == 256
    assert run.plain_settings["learning_rates"] == [0.001]


@pytest.mark.parametrize(
    ("ends", "seed"), [([5.0, 1.0, 3.0], 2), ([5.0, 1.0, 3.0, 4.0], 2), ([7.0], 0), ([2, 2], 0)]
)
def test_the_typical_member_is_in_the_middle(tmp_path: Path, ends: list[float], seed: int):
    values = {(1e-3, number): [0.0, end] for number, end in enumerate(ends)}
    [run] = read_runs([make_run(tmp_path / "run", values)])
    assert run.typical_member.seed == seed


def test_the_learning_rate_is_the_best_at_the_end(tmp_path: Path):
    values = {(1e-3, 0): [9.0, 9.0, 1.0], (1e-2, 0): [0.0, 0.0, 2.0]}
    [run] = read_runs([make_run(tmp_path / "run", values)])
    assert run.learning_rate == 1e-2
    assert run.final_returns.tolist() == [[1.0, 1.0]]


def test_a_stopped_seed_counts_with_the_lowest_return(tmp_path: Path):
    values = {(1e-3, 0): [-1.0, 8.0, 8.0], (1e-3, 1): [0.0, 8.0]}
    [run] = read_runs([make_run(tmp_path / "run", values)])
    assert run.stopped == 1
    assert run.final_returns.sum(axis=1).tolist() == [8.0, -1.0]


def test_success_may_be_unknown(tmp_path: Path):
    [run] = read_runs([make_run(tmp_path / "run", success=None)])
    assert run.final_successes is None


def test_runs_of_one_agent_are_told_apart_by_their_directories(tmp_path: Path):
    paths = [tmp_path / "a" / "tuning", tmp_path / "a" / "fresh", tmp_path / "b" / "fresh"]
    elsewhere = plain_settings(environment="t-maze-noise")
    runs = [make_run(path) for path in paths] + [make_run(tmp_path / "x", RNN, elsewhere)]
    labels = [run.label for run in read_runs(runs)]
    assert labels == ["splagger a/tuning", "splagger a/fresh", "splagger b/fresh", "splagger"]
    groups = by_environment(read_runs(runs))
    assert [len(group) for group in groups.values()] == [3, 1]
    assert list(groups) == [ENVIRONMENT, "t-maze-noise"]
    assert [run.label for run in read_runs(runs[1:2] + runs[:1])] == [
        "splagger fresh",
        "splagger tuning",
    ]


def test_settings_of_another_version_are_shown_as_they_are(tmp_path: Path):
    settings = {"environment": "a-lost-world", "agent": {"name": "ancient"}, "speed": 3}
    [run] = read_runs([make_run(tmp_path / "run", settings=settings)])
    assert (run.label, run.environment) == ("ancient", "a-lost-world")
    assert run.settings is None
    assert run.command is None
    assert run.optimum is None
    assert run.plain_settings == {
        "environment": "a-lost-world",
        "agent.name": "ancient",
        "speed": 3,
    }


def test_bad_input(tmp_path: Path):
    with pytest.raises(UserError, match="no run to report on was given"):
        read_runs([])
    path = make_run(tmp_path / "run")
    with pytest.raises(UserError, match="is given twice"):
        read_runs([path, tmp_path / "x" / ".." / "run"])
    with pytest.raises(UserError, match="does not exist"):
        read_runs([path, tmp_path / "absent"])
    with pytest.raises(UserError, match="has no evaluation yet"):
        read_runs([make_run(tmp_path / "new", {})])
