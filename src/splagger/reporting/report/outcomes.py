"""What came of runs, in numbers with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from splagger.reporting.figure_words import SEEDS_FOR_INTERVAL
from splagger.reporting.report.reported_run import ReportedRun
from splagger.reporting.statistics.bootstrap import OURS, Estimate, estimate
from splagger.reporting.statistics.comparison import probability_of_improvement


@dataclass(frozen=True)
class Outcome:
    """What a run's agent achieves at the last evaluation."""

    run: ReportedRun
    """The run."""

    trial_return: Estimate
    """The interquartile mean of the seeds' trial returns, with its interval."""

    success: Estimate | None
    """The same of the shares of successful episodes; None where they are not known."""

    seeds: int
    """How many seeds that is of."""

    @property
    def has_interval(self) -> bool:
        """Whether there are seeds enough for intervals."""
        return self.seeds >= SEEDS_FOR_INTERVAL


@dataclass(frozen=True)
class Comparison:
    """Two agents in the same environment."""

    first: Outcome
    """The one with the higher trial return."""

    second: Outcome
    """The other one."""

    probability: Estimate
    """How likely a seed of the first has a higher final trial return than one of the second."""

    @property
    def has_interval(self) -> bool:
        """Whether both have seeds enough for an interval."""
        return self.first.has_interval and self.second.has_interval

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no doubt about which is better."""
        return self.has_interval and self.probability.low > 0.5


def outcome(run: ReportedRun) -> Outcome:
    """Sums up the seeds of a run's chosen learning rate."""
    successes = run.final_successes
    return Outcome(
        run=run,
        trial_return=estimate([run.final_returns.sum(axis=1)], OURS),
        success=None if successes is None else estimate([successes], OURS),
        seeds=len(run.members),
    )


def ranked(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Orders the agents of an environment from the highest trial return to the lowest."""
    return sorted(outcomes, key=lambda outcome: -outcome.trial_return.value)


def comparisons(outcomes: Sequence[Outcome]) -> list[Comparison]:
    """Compares all pairs of the agents of an environment, in the order of `ranked`."""
    return [
        Comparison(
            first,
            second,
            probability_of_improvement(
                [first.run.final_returns.sum(axis=1)], [second.run.final_returns.sum(axis=1)]
            ),
        )
        for first, second in combinations(ranked(outcomes), 2)
    ]
