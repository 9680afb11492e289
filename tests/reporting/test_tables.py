import math

import pytest

from splagger.foundation.errors import UserError
from splagger.reporting.tables import results_table, results_text
from splagger.training.run_directory import EvaluationRow, RunDirectory


def make_run(path, values, success: float | None = 0.5, environment="maze"):
    """Makes a run. `values` maps (learning rate, seed) to the returns by evaluation and episode."""
    settings = {"environment": environment, "agent": {"name": path.name}}
    run = RunDirectory.create(path, settings)
    for member, ((learning_rate, seed), evaluations) in enumerate(values.items()):
        run.append_evaluations(
            [
                EvaluationRow(member, learning_rate, seed, 1000 * (k + 1), e, value, success)
                for k, returns in enumerate(evaluations)
                for e, value in enumerate(returns)
            ]
        )
    return path


def cells(text):
    """The words of every row, without rulers."""
    return [line.replace("|", " ").split() for line in text.splitlines() if "---" not in line]


def test_the_final_evaluation_and_its_mean(tmp_path):
    values = {
        (0.001, 73): [[9.0, 9.0], [1.0, 2.0]],
        (0.001, 74): [[9.0, 9.0], [3.0, 6.0]],
    }
    text = results_text([make_run(tmp_path / "splagger", values)])
    assert "final evaluation on maze" in text
    rows = cells(text)
    assert ["splagger", "0.001", "73", "2,000", "1.00", "2.00", "3.00", "50.0%"] in rows
    assert ["0.001", "74", "2,000", "3.00", "6.00", "9.00", "50.0%"] in rows
    assert ["0.001", "mean", "2.00", "4.00", "6.00", "50.0%"] in rows
    assert "best" not in text
    assert text.isascii()


def test_the_best_learning_rate_and_stopped_members_are_marked(tmp_path):
    values = {(0.1, 1): [[1.0], [2.0]], (0.2, 1): [[1.0], [5.0]], (0.3, 1): [[1.0]]}
    text = results_text([make_run(tmp_path / "rnn", values, success=None)])
    rows = cells(text)
    assert ["rnn", "0.1", "1", "2,000", "2.00", "2.00", "-"] in rows
    assert ["*", "0.2", "1", "2,000", "5.00", "5.00", "-"] in rows
    assert ["0.3", "1", "(stopped)", "1,000", "1.00", "1.00", "-"] in rows
    assert "* best learning rate of its run" in text
    assert "mean" not in text


def test_several_environments_are_named_in_their_rows(tmp_path):
    paths = [
        make_run(tmp_path / name, {(0.1, 1): [[1.0]]}, environment=f"[{name}]") for name in "ab"
    ]
    table = results_table(paths)
    assert table.row_count == 2
    text = results_text(paths)
    assert "[a]" in text
    assert "[b]" in text
    assert "final evaluation\n" in text


def test_a_run_without_evaluations_is_refused(tmp_path):
    run = RunDirectory.create(tmp_path / "run", {})
    with pytest.raises(UserError, match="no evaluation yet"):
        results_table([run.path])
    row = EvaluationRow(0, 1e-3, 0, frames=0, episode=0, episode_return=math.nan, success=None)
    run.append_evaluations([row])
    with pytest.raises(UserError, match="only evaluations that are nan or infinite"):
        results_table([run.path])
