from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from splagger.reporting.learning_rate import choose_learning_rate
from splagger.reporting.member_curves import MemberCurve, RunCurves


def run_of(values: Mapping[tuple[float, int], Sequence[float]]) -> RunCurves:
    """A run whose members, (learning rate, seed), have these trial returns."""
    longest = max(map(len, values.values()))
    members = tuple(
        MemberCurve(
            learning_rate=rate,
            seed=seed,
            frames=1000 * np.arange(len(returns)),
            episode_returns=np.array(returns)[:, None],
            successes=np.full((len(returns), 1), np.nan),
            stopped=len(returns) < longest,
        )
        for (rate, seed), returns in values.items()
    )
    return RunCurves(Path("run"), "maze", "splagger", None, members)


def test_the_rules_differ_where_learning_is_fast_but_not_lasting():
    run = run_of({(0.1, 1): [0.0, 9.0, 5.0], (0.2, 1): [0.0, 1.0, 6.0]})
    assert choose_learning_rate(run, "published") == 0.1
    assert choose_learning_rate(run, "final") == 0.2


def test_seeds_are_averaged():
    # The best seed is of the first, the best mean of the second.
    run = run_of(
        {
            (0.1, 1): [0.0, 9.0],
            (0.1, 2): [0.0, 1.0],
            (0.2, 1): [0.0, 6.0],
            (0.2, 2): [0.0, 6.0],
        }
    )
    assert choose_learning_rate(run, "published") == 0.2
    assert choose_learning_rate(run, "final") == 0.2


def test_a_stopped_member_counts_as_the_lowest_return():
    run = run_of(
        {
            (0.1, 1): [0.0, 9.0],
            (0.1, 2): [0.0, 9.0, 9.0, 9.0],
            (0.2, 1): [0.0, 6.0, 6.0, 6.0],
            (0.2, 2): [0.0, 6.0, 6.0, 6.0],
        }
    )
    # (9 / 4 + 27 / 4) / 2 = 4.5, as 18 / 4 = 4.5; of equals the lower learning rate.
    assert choose_learning_rate(run, "published") == 0.1
    # (0 + 9) / 2 against 6.
    assert choose_learning_rate(run, "final") == 0.2
    # With a mean over the two evaluations that it has, the stopped member would have won.
    longer = run_of(
        {
            (0.1, 1): [0.0, 9.0],
            (0.1, 2): [0.0, 9.0, 9.0, 9.0],
            (0.2, 1): [0.0, 6.1, 6.1, 6.1],
            (0.2, 2): [0.0, 6.1, 6.1, 6.1],
        }
    )
    assert choose_learning_rate(longer, "published") == 0.2


def test_equal_ends_are_told_apart_by_speed():
    run = run_of({(0.1, 1): [0.0, 1.0, 9.0], (0.2, 1): [0.0, 8.0, 9.0], (0.3, 1): [0.0, 2.0, 9.0]})
    assert choose_learning_rate(run, "final") == 0.2
