import numpy as np
import pytest
from support.evidence_runs import MAZE
from support.findings import MadeLibrary, made_outcome

from splagger.evidence.comparisons import Compare, Learns, Relation
from splagger.evidence.experiment import Experiment
from splagger.evidence.finding import Finding

MAX, RNN = Experiment(MAZE, "max"), Experiment(MAZE, "rnn")
CHEETAH = "half-cheetah-direction"


def normalised(*scores: float) -> list[list[float]]:
    """Returns whose normalised means over training are these: 0 is 2, 1 is 16."""
    return [[2 + 14 * score] * 3 for score in scores]


def compare(first, second, relation: Relation = "above", **options) -> Finding:
    library = MadeLibrary(
        {"max": made_outcome(MAX, first), "rnn": made_outcome(RNN, second, **options)}
    )
    return Compare(MAX, RNN, relation).judge(library)


# Where all seeds of an agent are alike the interval has no width: it is the difference.
@pytest.mark.parametrize(
    ("difference", "above", "not_below"),
    [
        (0.30, "holds", "holds"),
        (0.01, "holds", "holds"),
        (0.0, "fails", "holds"),
        (-0.04, "fails", "holds"),
        (-0.06, "fails", "fails"),
    ],
)
def test_alike_seeds_decide_by_their_difference(difference, above, not_below):
    first, second = normalised(*[0.5 + difference] * 3), normalised(0.5, 0.5, 0.5)
    assert compare(first, second).verdict == above
    assert compare(first, second, "not below").verdict == not_below
    assert compare(first, second).numbers.startswith(
        f"{difference:+.2f} [{difference:+.2f}, {difference:+.2f}], P(better) "
    )


def test_seeds_that_scatter_leave_it_open():
    # Differences of interquartile means reach from -0.4 to 0.6.
    first, second = normalised(0.2, 0.6, 1.0), normalised(0.4, 0.5, 0.6)
    assert compare(first, second).verdict == "open"
    assert compare(first, second, "not below").verdict == "open"
    assert compare(first, second).evidence == "3 seeds"


def test_the_words():
    found = compare(normalised(1.0, 1.0), normalised(0.0, 0.0), "not below")
    assert found.text == f"max not below rnn on {MAZE}"
    assert found.numbers == "+1.00 [+1.00, +1.00], P(better) 1.00"


def test_reduced_trainings_decide_nothing():
    found = compare(normalised(1.0, 1.0), normalised(0.0, 0.0), complete=False)
    assert found.verdict == "open"
    assert found.evidence == (
        "reduced, so far holds: 2 seeds / 2 seeds, 2 learning rates, 2 of 2 million frames"
    )
    assert found.numbers


def test_missing_trainings_are_open():
    library = MadeLibrary({"max": made_outcome(MAX, normalised(1.0))})
    found = Compare(MAX, RNN, "above").judge(library)
    assert (found.verdict, found.evidence, found.numbers) == ("open", "not trained: rnn", "")
    found = Compare(MAX, RNN, "above").judge(MadeLibrary())
    assert found.evidence == "not trained: max, rnn"


def test_only_frames_that_both_have_are_compared():
    # Up to 1 million frames the first is below; what it did later, the other had no time for.
    first = [[2.0, 2.0, 16.0, 16.0, 16.0]] * 2
    second = [[2.0, 9.0]] * 2
    assert compare(first, second).numbers.startswith("-0.25 [-0.25, -0.25]")


def test_without_anchors_the_margin_is_a_share_of_the_return():
    first, second = Experiment(CHEETAH, "max"), Experiment(CHEETAH, "rnn")

    def verdict(value: float, other: float) -> str:
        library = MadeLibrary(
            {
                "max": made_outcome(first, [[value] * 2] * 3),
                "rnn": made_outcome(second, [[other] * 2] * 3),
            }
        )
        return Compare(first, second, "not below").judge(library).verdict

    assert verdict(-104.0, -100.0) == "holds"
    assert verdict(-106.0, -100.0) == "fails"
    library = MadeLibrary(
        {"max": made_outcome(first, [[3.0]]), "rnn": made_outcome(second, [[1.0]])}
    )
    found = Compare(first, second, "above").judge(library)
    assert found.numbers == "+2.00 [+2.00, +2.00] in return, P(better) 1.00"


# Without memory the return is 2, the optimum 16: the bound is 3.4.
@pytest.mark.parametrize(
    ("finals", "learns"),
    [([3.5, 3.6, 3.7], True), ([3.1, 3.2, 3.3], False), ([2.0, 3.4, 9.0], None)],
)
def test_learning_is_a_tenth_of_the_way(finals, learns):
    library = MadeLibrary({"rnn": made_outcome(RNN, [[2.0] * 9 + [final] for final in finals])})
    for expected in (True, False):
        found = Learns(RNN, expected, 2.0).judge(library)
        verdict = "open" if learns is None else "holds" if learns == expected else "fails"
        assert found.verdict == verdict
        assert (
            f"final return {np.mean(finals) if learns is not None else 3.40:.2f} ["
            in (found.numbers)
            or learns is None
        )
    assert Learns(RNN, False, 2.0).judge(library).text == f"rnn does not learn {MAZE}"
    assert Learns(RNN, True, 2.0).judge(library).text == f"rnn learns {MAZE}"


def test_learning_is_open_where_reduced_or_missing():
    reduced = MadeLibrary({"rnn": made_outcome(RNN, [[2.0], [2.0]], complete=False)})
    found = Learns(RNN, False, 2.0).judge(reduced)
    assert found.verdict == "open"
    assert found.evidence.startswith("reduced, so far holds: 2 seeds")
    missing = Learns(RNN, False, 2.0).judge(MadeLibrary())
    assert (missing.verdict, missing.evidence) == ("open", "not trained: rnn")
