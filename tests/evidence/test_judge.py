from pathlib import Path

import numpy as np
import pytest
from support.evidence_runs import MAZE, SCALE, write_stage

from splagger.evidence.claims import Claim
from splagger.evidence.comparisons import Compare
from splagger.evidence.experiment import Experiment
from splagger.evidence.judge import NORM, ResultsOnDisk, judge_all
from splagger.evidence.measurements import Changes, NormsAbove
from splagger.evidence.store import Store
from splagger.foundation.errors import UserError

MAX, RNN = Experiment(MAZE, "max"), Experiment(MAZE, "rnn")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs", ())


def test_claims_are_judged_by_what_is_on_disk(store: Store):
    claims = [
        Claim("1", "", "", (Compare(MAX, RNN, "above"),)),
        Claim("2", "", "", (Compare(RNN, MAX, "not below"), Compare(MAX, RNN, "above"))),
        Claim("3", "", "", (Compare(MAX, Experiment(MAZE, "amrl"), "above"),)),
    ]
    assert [one.verdict for one in judge_all(store, SCALE, claims)] == ["open"] * 3
    write_stage(store, MAX, value=12.0)
    write_stage(store, RNN, value=3.0)
    judged = judge_all(store, SCALE, claims)
    assert [one.verdict for one in judged] == ["holds", "fails", "open"]
    # (9 + 9) / 3 of the way of 14.
    assert judged[0].findings[0].numbers.startswith("+0.43 [+0.43, +0.43]")


def test_results_are_read_once(store: Store):
    write_stage(store, MAX)
    library = ResultsOnDisk(store, SCALE)
    assert library.outcome(MAX) is library.outcome(MAX) is not None


def test_norms_are_those_of_the_tuning(store: Store):
    library = ResultsOnDisk(store, SCALE)
    assert library.norms(MAX) is None
    run = write_stage(store, MAX)
    assert library.norms(MAX) is None
    run.append_metrics({"update": 1, NORM: [1.0, float("nan"), 3.0]})
    run.append_metrics({"update": 2, NORM: [4.0, 5.0, 6.0]})
    norms = library.norms(MAX)
    assert norms is not None
    np.testing.assert_array_equal(norms, [[1.0, np.nan, 3.0], [4.0, 5.0, 6.0]])
    other = write_stage(store, RNN)
    other.append_metrics({"update": 1, NORM: [0.1, 0.1, 0.1]})
    part = NormsAbove(MAX, RNN, 10.0)
    assert part.judge(library).verdict == "holds"


def test_metrics_without_norms(store: Store):
    write_stage(store, MAX).append_metrics({"update": 1, "policy_loss": [1.0]})
    assert ResultsOnDisk(store, SCALE).norms(MAX) is None


def write_analysis(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    path = folder / "quantity.csv"
    path.write_text(text)
    return path


def test_analyses_are_found_in_any_folder(store: Store, tmp_path: Path):
    both = Store(store.folder, (tmp_path / "results" / "evidence",))
    table = "agent,member,step,value\nmax,0,0,1\nmax,0,1,2\nmax,1,0,3\nmax,1,1,4\nrnn,0,0,9\n"
    write_analysis(tmp_path / "results" / "analysis" / "gradients", table)
    library = ResultsOnDisk(both, SCALE)
    values = library.analysis("quantity", "max")
    assert values is not None
    assert values.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert library.analysis("quantity", "amrl") is None
    assert library.analysis("other", "max") is None
    part = Changes("quantity", "max", 1.5, 1.5, "")
    assert part.judge(library).verdict == "holds"
    # Our own are before others.
    write_analysis(store.folder / "analysis" / "gradients", "agent,member,step,value\nmax,0,0,8\n")
    own = library.analysis("quantity", "max")
    assert own is not None
    assert own.tolist() == [[8.0]]


@pytest.mark.parametrize(
    "text",
    [
        "agent,member,step,value\nmax,0,0,1\nmax,1,0,1\nmax,1,1,1\n",
        "agent,member,step,value\nmax,0,0,x\n",
        "agent,member,step,value\nmax\n",
        "a,b\n1,2\n",
    ],
    ids=["ragged", "no number", "short", "other columns"],
)
def test_damaged_analyses_are_named(store: Store, text: str):
    path = write_analysis(store.folder / "analysis" / "x", text)
    with pytest.raises(UserError, match=f"'{path}' is damaged"):
        ResultsOnDisk(store, SCALE).analysis("quantity", "max")
