"""Tables of what the agents achieve at the end, with intervals, and of which is better."""

from collections.abc import Mapping, Sequence

from splagger.reporting.figure_words import SEEDS_FOR_INTERVAL
from splagger.reporting.report.html import Child, Markup, element, table
from splagger.reporting.report.outcomes import Comparison, Outcome, comparisons, ranked
from splagger.reporting.report.section import Section
from splagger.reporting.report.words import (
    INTERVAL,
    NO_VALUE,
    counted,
    interval,
    number,
    rates,
    share,
)
from splagger.reporting.statistics.bootstrap import OURS

_FEW_SEEDS = 5  # below which an interval is said to be rough
_OPEN_PAIRS = 6  # more are folded


def results(outcomes: Mapping[str, Sequence[Outcome]]) -> Section:
    """Makes the section of result tables.

    **Arguments:**

    - `outcomes`: by environment, of all its runs.
    """
    content: list[Child] = []
    for environment, found in outcomes.items():
        if len(outcomes) > 1:
            content.append(element("h3", environment))
        content.append(_outcome_table(environment, found))
        if len(found) > 1:
            content.append(_comparison_table(environment, comparisons(found)))
    every = [outcome for found in outcomes.values() for outcome in found]
    content.append(element("ul", [element("li", note) for note in _notes(every)], class_="notes"))
    return Section("results", "Results", content)


def _outcome_table(environment: str, outcomes: Sequence[Outcome]) -> Markup:
    with_success = any(outcome.success is not None for outcome in outcomes)
    columns = ["agent", "trial return", INTERVAL]
    columns += ["success", INTERVAL] if with_success else []
    columns += ["seeds", "learning rate"]
    rows = []
    for outcome in ranked(outcomes):
        row: list[Child] = [
            outcome.run.label,
            element("b", number(outcome.trial_return.value)),
            interval(outcome.trial_return) if outcome.has_interval else NO_VALUE,
        ]
        if with_success:
            success = outcome.success
            row.append(NO_VALUE if success is None else element("b", share(success.value)))
            shown = success is not None and outcome.has_interval
            row.append(interval(success, share) if shown and success else NO_VALUE)
        rows.append([*row, _seeds(outcome), _learning_rate(outcome)])
    optimum = outcomes[0].run.optimum
    if optimum is not None:
        best = ["best possible", number(optimum), *[""] * (len(columns) - 2)]
        rows.append([element("i", best[0]), *best[1:]])
    label = f"Results on {environment}"
    return table(label, columns, rows, numbers=range(1, len(columns) - 1), class_="short")


def _seeds(outcome: Outcome) -> str:
    stopped = outcome.run.stopped
    return str(outcome.seeds) if not stopped else f"{outcome.seeds}, {stopped} stopped"


def _learning_rate(outcome: Outcome) -> str:
    rate = rates([outcome.run.learning_rate])
    count = len(outcome.run.curves.learning_rates)
    return rate if count == 1 else f"{rate}, best of {count}"


def _comparison_table(environment: str, pairs: Sequence[Comparison]) -> Markup:
    rows = [
        [
            f"{pair.first.run.label} above {pair.second.run.label}",
            element("b", number(pair.probability.value)),
            interval(pair.probability) if pair.has_interval else NO_VALUE,
        ]
        for pair in pairs
    ]
    shown = table(
        f"Probability of improvement on {environment}",
        ["which is better", "probability", INTERVAL],
        rows,
        numbers=[1, 2],
        class_="short",
    )
    if len(pairs) <= _OPEN_PAIRS:
        return shown
    return element("details", element("summary", f"All {len(pairs)} pairs of agents"), shown)


def _notes(outcomes: Sequence[Outcome]) -> list[Child]:
    """What the numbers are, of those that the tables have."""
    notes: list[Child] = [
        "Trial return: the sum of the rewards of all episodes of a trial, at the last evaluation; "
        "the interquartile mean over seeds, which leaves out the highest and the lowest quarter. "
        f"Intervals: stratified bootstrap, seeds drawn {OURS.iterations:,} times."
    ]
    fewest = min(outcome.seeds for outcome in outcomes)
    if fewest < SEEDS_FOR_INTERVAL:
        notes.append(f"Of fewer than {SEEDS_FOR_INTERVAL} seeds no interval is shown.")
    elif fewest < _FEW_SEEDS:
        notes.append(f"With {counted(fewest, 'seed')} an interval is a rough guide.")
    if _any_pair(outcomes):
        notes.append(
            "Which is better: the share of all pairs of seeds in which the first agent's trial "
            "return is higher, a tie counting half; 0.5 where both are alike."
        )
    if any(len(outcome.run.curves.learning_rates) > 1 for outcome in outcomes):
        notes.append(
            "Learning rate: the one with the highest mean trial return at the last evaluation, "
            "chosen by the seeds that are reported here, which flatters a little."
        )
    if any(outcome.run.stopped for outcome in outcomes):
        notes.append(
            "A seed was stopped where a loss was not finite. It counts with the lowest return of "
            "its run."
        )
    return notes


def _any_pair(outcomes: Sequence[Outcome]) -> bool:
    environments = [outcome.run.environment for outcome in outcomes]
    return len(set(environments)) < len(environments)
