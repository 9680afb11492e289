import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from splagger.training.loggers.series import (
    evaluation_row,
    member_labels,
    merged,
    metrics_row,
    rows_of_records,
)
from splagger.training.records import (
    EvaluationRow,
    append_lines,
    metrics_line,
    read_metrics_records,
)

RECORD = {
    "update": 2,
    "frames": 64,
    "frames_per_second": 1000.0,
    "loss": np.array([0.5, np.nan], np.float32),
    "rollout_reward": np.array([1.0, np.inf], np.float32),
    "fresh_trials": True,
}


def evaluation(member: int, episode: int, value: float, **more) -> EvaluationRow:
    row = EvaluationRow(member, 1e-3, member, 64, episode, value, success=None)
    return replace(row, **more)


def test_labels_say_learning_rate_and_seed():
    assert member_labels([(1e-3, 73), (3e-05, 0)]) == [
        "learning-rate-0.001-seed-73",
        "learning-rate-3e-05-seed-0",
    ]


def test_metrics_are_grouped_and_what_is_not_finite_is_left_out():
    row = metrics_row(RECORD, 2)
    common = {"update/number": 2.0, "speed/frames_per_second": 1000.0}
    assert row.frames == 64
    assert row.members == ({**common, "update/loss": 0.5, "rollout/reward": 1.0}, common)


def test_what_was_written_and_read_gives_the_same_row(tmp_path: Path):
    append_lines(tmp_path / "metrics.jsonl", [metrics_line(RECORD)])
    (read,) = read_metrics_records(tmp_path / "metrics.jsonl")
    assert json.loads(json.dumps(read)) == read
    assert metrics_row(read, 2) == metrics_row(RECORD, 2)


def test_metrics_of_another_number_of_members_are_refused():
    with pytest.raises(ValueError, match="zip"):
        metrics_row(RECORD, 3)


def test_evaluations_are_summed_over_episodes_and_given_one_by_one():
    rows = [
        evaluation(0, 0, 1.0, success=0.5),
        evaluation(0, 1, 2.5, success=1.0),
        evaluation(1, 0, -1.0),
        evaluation(1, 1, float("nan")),
        evaluation(0, 0, 4.0, success=1.0, group="forward"),
    ]
    row = evaluation_row(rows, 3)
    assert row.frames == 64
    assert row.members == (
        {
            "evaluation/trial_return": 3.5,
            "evaluation/success": 0.75,
            "evaluation/episode_0/return": 1.0,
            "evaluation/episode_0/success": 0.5,
            "evaluation/episode_1/return": 2.5,
            "evaluation/episode_1/success": 1.0,
            "evaluation-forward/trial_return": 4.0,
            "evaluation-forward/success": 1.0,
            "evaluation-forward/episode_0/return": 4.0,
            "evaluation-forward/episode_0/success": 1.0,
        },
        {"evaluation/episode_0/return": -1.0},
        {},
    )


def test_records_become_rows_in_the_order_of_frames():
    start = replace(evaluation(0, 0, 0.25), frames=0)
    metrics = [{"frames": frames, "loss": [frames / 32]} for frames in (32, 64)]
    rows = rows_of_records(metrics, [evaluation(0, 0, 1.0), start], 1)
    assert [row.frames for row in rows] == [0, 32, 64]
    assert rows[0] == evaluation_row([start], 1)
    assert rows[1] == metrics_row(metrics[0], 1)
    assert rows[2] == merged(metrics_row(metrics[1], 1), evaluation_row([evaluation(0, 0, 1.0)], 1))
    assert rows[2].members[0].keys() == {
        "update/loss",
        "evaluation/trial_return",
        "evaluation/episode_0/return",
    }
