from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.evidence_runs import MAZE, SCALE, flat, write_stage

from splagger.evidence.experiment import Experiment
from splagger.evidence.outcome import Outcome, read_outcome
from splagger.evidence.scales import Scale
from splagger.evidence.store import Store

MAX = Experiment(MAZE, "max", fresh=True)
TUNING = SCALE.settings(MAX, "tuning")
BEST = 3e-3


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, ())


def outcome(store: Store, scale: Scale = SCALE) -> Outcome:
    found = read_outcome(store, scale, MAX)
    assert found is not None
    return found


def tune(store: Store, **options) -> None:
    """A tuning in which the higher of the learning rates is the better."""
    higher = {(rate, seed): [2.0, 2e3 * rate, 2e3 * rate] for rate, seed in TUNING.members}
    write_stage(store, MAX, **{"returns": higher, **options})


def test_nothing_on_disk_or_nothing_trained(store: Store):
    assert read_outcome(store, SCALE, MAX) is None
    write_stage(store, MAX, returns={member: [2.0] for member in TUNING.members})
    assert read_outcome(store, SCALE, MAX) is None


def test_only_nan_is_nothing(store: Store):
    write_stage(store, MAX, returns={member: [np.nan] * 3 for member in TUNING.members})
    assert read_outcome(store, SCALE, MAX) is None


def test_the_seeds_that_chose_report_where_there_are_no_others(store: Store):
    tune(store)
    found = outcome(store)
    assert found.stage == "tuning"
    assert (found.learning_rate, found.tried, found.seeds) == (BEST, 2, (0, 1, 2))
    assert found.frames.tolist() == [0, 40, 80]
    assert found.last_frames == found.planned_frames == 80
    assert found.complete
    assert found.returns.tolist() == [[2.0, 6.0, 6.0]] * 3
    assert found.episode_returns.tolist() == [[[2.0, 0.0], [6.0, 0.0], [6.0, 0.0]]] * 3
    assert found.training_scores.tolist() == pytest.approx([14 / 3] * 3)
    assert found.final_scores.tolist() == [6.0] * 3


def test_fresh_seeds_report_at_the_learning_rate_that_the_others_chose(store: Store):
    tune(store)
    fresh = write_stage(store, MAX, "fresh", rate=BEST, value=5.0)
    found = outcome(store)
    assert (found.stage, found.path) == ("fresh", fresh.path)
    assert found.seeds == (100, 101, 102, 103)
    assert (found.learning_rate, found.tried) == (BEST, 2)
    assert found.final_scores.tolist() == pytest.approx([5.0, 5.01, 5.02, 5.03])
    assert found.complete


@pytest.mark.parametrize(
    "options",
    [
        {"rate": 1e-3},
        {"evaluations": 2},
        {"value": np.nan},
        {"change": lambda settings: replace(settings, seeds=2)},
        {"change": lambda settings: replace(settings, conventions=CONVENTIONS)},
    ],
    ids=["other rate", "fewer frames", "nan", "fewer seeds", "other settings"],
)
def test_fresh_seeds_that_were_trained_otherwise_do_not_report(store: Store, options):
    tune(store)
    write_stage(store, MAX, "fresh", **{"rate": BEST, **options})
    found = outcome(store)
    # Where all is NaN but the start, the frames of the run are there.
    if options.get("value") is None:
        assert (found.stage, found.seeds) == ("tuning", (0, 1, 2))
    else:
        assert found.frames.tolist() == [0]


CONVENTIONS = replace(TUNING.conventions, restart_memory=True)


def test_a_stopped_seed_does_as_badly_as_any_from_then_on(store: Store):
    returns = dict(flat(TUNING, 10.0))
    returns[1e-3, 1] = [2.0, 12.0]
    returns[3e-3, 0] = [2.0, -5.0, 1.0]
    tune(store, returns=returns)
    found = outcome(store)
    assert found.learning_rate == 1e-3
    assert found.frames.tolist() == [0, 40, 80]
    assert found.returns[1].tolist() == [2.0, 12.0, -5.0]
    assert found.returns[0].tolist() == [2.0, 10.0, 10.0]


def test_a_seed_without_any_finite_evaluation_counts_too(store: Store):
    returns = dict(flat(TUNING, 10.0))
    returns[1e-3, 2] = [np.nan] * 3
    returns[3e-3, 0] = [2.0, 1.0, 1.0]
    tune(store, returns=returns)
    found = outcome(store)
    assert found.seeds == (0, 1, 2)
    assert sorted(found.returns[:, -1].tolist()) == [1.0, 10.0, 10.01]


def test_an_evaluation_that_one_seed_lacks_is_left_out(store: Store):
    returns = dict(flat(TUNING, 10.0))
    returns[1e-3, 0] = returns[3e-3, 0] = [2.0, np.nan, 10.0]
    tune(store, returns=returns)
    assert outcome(store).frames.tolist() == [0, 80]


def test_what_is_not_as_planned_is_not_complete(store: Store, tmp_path: Path):
    tune(store, evaluations=2, returns=None)
    assert not outcome(store).complete
    other = Store(tmp_path / "other", ())
    tune(other, returns=None, change=lambda settings: replace(settings, seeds=2))
    found = outcome(other)
    assert not found.complete
    assert found.seeds == (0, 1)


def test_nothing_follows_from_a_scale_that_only_shows_that_all_runs(store: Store):
    tune(store)
    assert not outcome(store, replace(SCALE, covering=True)).complete
