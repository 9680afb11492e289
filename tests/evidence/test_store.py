from dataclasses import replace
from pathlib import Path

import pytest
from support.evidence_runs import MAZE, SCALE, write_stage

from splagger.evidence.experiment import Experiment
from splagger.evidence.store import Store, settings_of, state_of
from splagger.foundation.errors import UserError
from splagger.foundation.settings import Settings, to_dictionary
from splagger.training.run_directory import RunDirectory

MAX = Experiment(MAZE, "max")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs", (tmp_path / "results" / "evidence",))


def state(store: Store, planned: Settings | None = None) -> str:
    run = store.open(SCALE, MAX, "tuning")
    return state_of(run, planned or SCALE.settings(MAX, "tuning"))


def test_missing_begun_done(store: Store):
    assert state(store) == "missing"
    path = write_stage(store, MAX, evaluations=2).path
    assert path == store.folder / "tiny" / MAZE / "max" / "tuning"
    assert state(store) == "begun"
    run = RunDirectory.open(path)
    run.append_evaluations([replace(run.read_evaluations()[0], frames=80)])
    assert run.evaluated_frames() == 80
    assert state(store) == "done"


def test_nothing_was_evaluated_yet(store: Store):
    run = write_stage(store, MAX, returns={})
    assert run.evaluated_frames() == 0
    assert state(store) == "begun"


@pytest.mark.parametrize(
    "change",
    [
        lambda settings: replace(settings, seeds=2),
        lambda settings: replace(settings, first_seed=1),
        lambda settings: replace(settings, learning_rates=(1e-3,)),
        lambda settings: replace(settings, learning=replace(settings.learning, discount=0.5)),
        lambda settings: replace(settings, agent=replace(settings.agent, split=True)),
    ],
    ids=["seeds", "other seeds", "rates", "learning", "agent"],
)
def test_less_or_other_than_planned_is_reduced(store: Store, change):
    write_stage(store, MAX, change=change)
    assert state(store) == "reduced"


@pytest.mark.parametrize(
    "change",
    [
        lambda settings: replace(settings, seeds=5),
        lambda settings: replace(settings, learning_rates=(1e-1, *settings.learning_rates)),
        lambda settings: replace(settings, frames=1000, precision="tensorfloat32"),
        lambda settings: replace(settings, evaluation_interval=2, evaluation_tasks=9),
    ],
    ids=["seeds", "rates", "frames", "evaluation"],
)
def test_more_than_planned_is_done(store: Store, change):
    write_stage(store, MAX, change=change)
    assert state(store) == "done"


def test_frames_that_fill_no_update_are_not_missed(store: Store):
    write_stage(store, MAX)
    assert state(store, replace(SCALE.settings(MAX, "tuning"), frames=119)) == "done"
    assert state(store, replace(SCALE.settings(MAX, "tuning"), frames=120)) == "begun"


def test_other_folders_are_read_where_there_is_none_of_our_own(store: Store):
    kept = write_stage(Store(store.others[0]), MAX)
    assert store.path(SCALE, MAX, "tuning") == kept.path
    assert store.path(SCALE, MAX, "fresh") is None
    own = write_stage(store, MAX, evaluations=2)
    assert store.path(SCALE, MAX, "tuning") == own.path
    assert store.analyses() == [
        store.folder / "analysis",
        store.others[0].parent / "analysis",
    ]


def test_damaged_settings_are_named(store: Store):
    run = write_stage(store, MAX)
    run.replace_settings({**to_dictionary(SCALE.settings(MAX, "tuning")), "colour": "red"})
    with pytest.raises(UserError, match=rf"cannot use the run '{run.path}': .*'colour'"):
        state(store)
    with pytest.raises(UserError, match="cannot use the run"):
        settings_of(run)
    (run.path / "settings.json").write_text("{")
    with pytest.raises(UserError, match="damaged"):
        store.open(SCALE, MAX, "tuning")
