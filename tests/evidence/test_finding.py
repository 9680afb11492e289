import pytest
from support.evidence_runs import MAZE
from support.findings import made_outcome

from splagger.evidence.experiment import Experiment
from splagger.evidence.finding import Finding, Verdict, describe, together, unless_reduced


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ([], "open"),
        (["holds"], "holds"),
        (["holds", "holds"], "holds"),
        (["holds", "open"], "open"),
        (["holds", "open", "fails"], "fails"),
        (["fails"], "fails"),
    ],
)
def test_a_claim_holds_if_all_of_it_does(verdicts: list[Verdict], whole: Verdict):
    assert together([Finding("", one, "") for one in verdicts]) == whole


def test_evidence_in_few_words():
    experiment = Experiment(MAZE, "max")
    fresh = made_outcome(experiment, [[1.0]] * 4, fresh=True)
    tuning = made_outcome(experiment, [[1.0]] * 3)
    assert describe([fresh, fresh]) == "4 fresh seeds"
    assert describe([fresh, tuning]) == "4 fresh seeds / 3 seeds"
    assert unless_reduced("fails", [fresh]) == ("fails", "4 fresh seeds")
    reduced = made_outcome(experiment, [[1.0, 2.0]], complete=False)
    assert unless_reduced("fails", [fresh, reduced]) == (
        "open",
        "reduced, so far fails: 4 fresh seeds / 1 seeds, 2 learning rates, 1 of 2 million frames",
    )
