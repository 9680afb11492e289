import numpy as np
import pytest
from support.evidence_runs import MAZE
from support.findings import MadeLibrary, made_outcome

from splagger.evidence.experiment import Experiment
from splagger.evidence.finding import Finding
from splagger.evidence.measurements import Changes, LastOrdered, NormsAbove

AMRL, MAX = Experiment(MAZE, "amrl"), Experiment(MAZE, "max")


def norms(first, second, *, complete: bool = True) -> Finding:
    outcomes = {
        "amrl": made_outcome(AMRL, [[1.0]], complete=complete),
        "max": made_outcome(MAX, [[1.0]]),
    }
    given = {"amrl": np.array(first, float), "max": np.array(second, float)}
    return NormsAbove(AMRL, MAX, 10.0).judge(MadeLibrary(outcomes, given))


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [([10.0] * 20, "holds"), ([9.9] * 20, "fails"), ([2.0] * 10 + [20.0] * 10, "open")],
)
def test_gradients_are_larger_all_through_training(ratios, verdict):
    # The median over three members is the middle one.
    first = [[0.0, ratio, 1e6] for ratio in ratios]
    found = norms(first, [[1.0, 1.0, 1.0]] * 20)
    assert found.verdict == verdict
    assert found.evidence == "3 members, 20 updates"


def test_the_ratio_in_numbers():
    found = norms([[30.0]] * 5, [[2.0]] * 3)
    assert found.numbers == "ratio 15 (90 % of updates: 15 to 15)"
    assert found.evidence == "1 members, 3 updates"


def test_norms_that_are_not_finite_are_left_out():
    nan = np.nan
    found = norms([[20.0, nan], [nan, nan], [20.0, np.inf]], [[1.0, 1.0]] * 3)
    assert (found.verdict, found.evidence) == ("holds", "2 members, 2 updates")
    found = norms([[20.0]] * 2, [[0.0], [nan]])
    assert (found.verdict, found.numbers) == ("open", "")


def test_norms_of_reduced_trainings_decide_nothing():
    found = norms([[20.0]], [[1.0]], complete=False)
    assert found.verdict == "open"
    assert found.evidence.startswith("reduced, so far holds: ")


def test_norms_that_are_missing():
    found = NormsAbove(AMRL, MAX, 10.0).judge(MadeLibrary())
    assert (found.verdict, found.evidence, found.numbers) == ("open", "no norms: amrl, max", "")
    outcomes = {"amrl": made_outcome(AMRL, [[1.0]]), "max": made_outcome(MAX, [[1.0]])}
    library = MadeLibrary(outcomes, {"max": np.ones((2, 2))})
    assert NormsAbove(AMRL, MAX, 10.0).judge(library).evidence == "no norms: amrl"


def changes(values, low: float, high: float) -> Finding:
    library = MadeLibrary(analyses={("gradient", "max"): np.array(values, float)})
    return Changes("gradient", "max", low, high, "gradient of max stays").judge(library)


def test_changes_over_the_steps():
    values = [[2.0, 9.0, 1.0], [2.0, 9.0, 3.0]]
    assert changes(values, 1.0, 1.0).verdict == "holds"
    assert changes(values, 0.5, 0.99).verdict == "fails"
    assert changes(values, 1.01, 2.0).verdict == "fails"
    found = changes(values, 1.0, 1.0)
    assert found.text == "gradient of max stays"
    assert found.numbers == "last step / first 1 (0.5 to 1.5)"
    assert found.evidence == "2 untrained agents of each, 3 steps"


def test_changes_without_a_ratio():
    assert changes([[0.0, 1.0]], 0.0, 1.0).verdict == "open"
    assert changes([[np.nan, 1.0]], 0.0, 1.0).verdict == "open"
    found = Changes("gradient", "max", 0.0, 1.0, "it stays").judge(MadeLibrary())
    assert (found.verdict, found.evidence) == ("open", "not computed: gradient of max")


@pytest.mark.parametrize(
    ("last", "verdict"),
    [
        ({"max": 0.0, "both": 1.0, "also": 1.00001, "rnn": 2.0}, "holds"),
        ({"max": 0.0, "both": 1.0, "also": 1.1, "rnn": 2.0}, "fails"),
        ({"max": 0.0, "both": 3.0, "also": 3.0, "rnn": 2.0}, "fails"),
        ({"max": 1.0, "both": 1.0, "also": 1.0, "rnn": 2.0}, "fails"),
    ],
)
def test_orders(last, verdict):
    analyses = {("difference", name): np.array([[7.0, value]] * 2) for name, value in last.items()}
    part = LastOrdered("difference", ("max", "both", "rnn"), equal=("both", "also"))
    found = part.judge(MadeLibrary(analyses=analyses))
    assert found.verdict == verdict
    assert found.text == "difference: max < both < rnn, both = also"
    del analyses["difference", "also"]
    found = part.judge(MadeLibrary(analyses=analyses))
    assert (found.verdict, found.evidence) == ("open", "not computed: also")
