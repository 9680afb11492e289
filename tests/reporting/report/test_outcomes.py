from pathlib import Path

import numpy as np
import pytest
from support.report_runs import RNN, SPLAGGER, Values, make_run, plain_settings

from splagger.reporting.report.outcomes import Outcome, comparisons, outcome, ranked
from splagger.reporting.report.reported_run import read_runs
from splagger.reporting.statistics.bootstrap import OURS, estimate


def outcomes_of(folder: Path, **agents: Values) -> list[Outcome]:
    paths = [
        make_run(folder / name, values, plain_settings(name)) for name, values in agents.items()
    ]
    return [outcome(run) for run in read_runs(paths)]


def test_an_outcome_is_of_the_last_evaluations(tmp_path: Path):
    [found] = outcomes_of(tmp_path, splagger=SPLAGGER)
    assert found.trial_return == estimate([np.array([6.0, 7.0, 8.0])], OURS)
    assert found.trial_return.value == pytest.approx(7.0)
    assert found.success is not None
    numbers = found.success.value, found.success.low, found.success.high
    assert numbers == pytest.approx((0.5, 0.5, 0.5))
    assert found.seeds == 3
    assert found.has_interval


def test_agents_are_ranked_and_compared(tmp_path: Path):
    middle = {(1e-3, seed): [0.0, 3.5 + seed] for seed in range(3)}
    found = outcomes_of(tmp_path, rnn=RNN, splagger=SPLAGGER, amrl=middle)
    assert [o.run.label for o in ranked(found)] == ["splagger", "amrl", "rnn"]
    pairs = comparisons(found)
    assert [(p.first.run.label, p.second.run.label) for p in pairs] == [
        ("splagger", "amrl"),
        ("splagger", "rnn"),
        ("amrl", "rnn"),
    ]
    # 3.5, 4.5, 5.5 against 2, 3, 4: eight pairs of nine are won.
    assert pairs[1].probability.value == 1.0
    assert pairs[2].probability.value == pytest.approx(8 / 9)
    assert pairs[1].is_clear


def test_few_seeds_leave_doubts(tmp_path: Path):
    two = {(1e-3, seed): [0.0, 9.0] for seed in range(2)}
    found = outcomes_of(tmp_path, splagger=two, rnn=RNN)
    assert not found[0].has_interval
    [pair] = comparisons(found)
    assert pair.probability.value == 1.0
    assert not pair.is_clear


def test_overlapping_seeds_leave_doubts(tmp_path: Path):
    [pair] = comparisons(outcomes_of(tmp_path, splagger=RNN, rnn=RNN))
    assert pair.has_interval
    assert pair.probability.value == 0.5
    assert not pair.is_clear
