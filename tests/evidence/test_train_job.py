import json
import sys
import time
from pathlib import Path

import pytest
from support.evidence_runs import MAZE

from splagger.evidence.exit_status import BAD_INPUT, INTERRUPTED, STOPPED
from splagger.evidence.experiment import Experiment
from splagger.evidence.reproduce import Reductions, Reproduction, Step
from splagger.evidence.scales import SMOKE
from splagger.evidence.side_by_side import SideBySide
from splagger.evidence.store import Store, state_of
from splagger.evidence.train_job import main
from splagger.foundation.settings import to_dictionary
from splagger.training import checkpoints
from splagger.training.loop import TrainingResult

MAX = Experiment(MAZE, "max")
PLANNED = SMOKE.settings(MAX, "tuning")


def job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str = PLANNED.environment
) -> int:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({**to_dictionary(PLANNED), "environment": environment}))
    monkeypatch.setattr(sys, "argv", ["train_job", str(plan), str(tmp_path / "run")])
    return main()


def test_a_mistake_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert job(tmp_path, monkeypatch, "t-maze-long-nose") == BAD_INPUT
    errors = capsys.readouterr().err
    assert errors.startswith("splagger: unknown environment 't-maze-long-nose'")
    assert errors.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("finished", "failed", "status"),
    [(True, 0, 0), (True, 1, 0), (True, 2, 1), (False, 0, INTERRUPTED)],
)
def test_exit_statuses(
    finished: bool,
    failed: int,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    result = TrainingResult(tmp_path, 80, finished, tuple(PLANNED.members[:failed]), "")
    monkeypatch.setattr("splagger.evidence.train_job.start_run", lambda *_, **__: result)
    assert job(tmp_path, monkeypatch) == status
    said = f"{STOPPED} the loss of {failed} of 2 was not finite\n" if failed else ""
    assert capsys.readouterr().err == said


def test_a_training_for_real(tmp_path: Path):
    store = Store(tmp_path, ())

    def run(deadline: float | None = None) -> list[Step]:
        processes = SideBySide(1, 0, SMOKE.compiler_flags, deadline)
        reductions = Reductions(fresh_seeds=0)
        return Reproduction(SMOKE, store, processes, reductions, lambda *_: None).run(
            [MAX], lambda _: None
        )

    own = store.own_path(SMOKE, MAX, "tuning")
    # The time is up while the process starts.
    assert [step.note for step in run(time.monotonic() + 1)] == ["interrupted"]
    assert state_of(store.open(SMOKE, MAX, "tuning"), PLANNED) in ("missing", "begun")
    assert [step.note for step in run()] == ["trained"]
    assert state_of(store.open(SMOKE, MAX, "tuning"), PLANNED) == "done"
    assert checkpoints.latest(own / "checkpoints") is not None
    assert [path.name for path in own.parent.iterdir()] == ["tuning"]
    assert [step.note for step in run()] == ["done already"]
