"""The head of the page: what was run, and in a few sentences what came of it."""

import datetime
from collections.abc import Mapping, Sequence

from splagger.environments.registry import EnvironmentSpecification
from splagger.foundation.errors import UserError
from splagger.recipes.ingredients import ingredients
from splagger.reporting.report.html import Child, Markup, element, table
from splagger.reporting.report.outcomes import Comparison, Outcome, comparisons, ranked
from splagger.reporting.report.reported_run import ReportedRun, by_environment
from splagger.reporting.report.section import Section
from splagger.reporting.report.words import (
    INTERVAL,
    counted,
    interval,
    listed,
    number,
    rates,
    share,
)

_FEW = 3  # names that a title can hold


def title(runs: Sequence[ReportedRun]) -> str:
    """Returns what the page is called: the agents and the environments, or how many of them."""
    agents = list(dict.fromkeys(run.curves.agent for run in runs))
    environments = list(dict.fromkeys(run.environment for run in runs))
    who = listed(agents) if len(agents) <= _FEW else counted(len(agents), "agent")
    where = environments[0] if len(environments) == 1 else counted(len(environments), "environment")
    return f"{who} on {where}"


def summary(outcomes: Mapping[str, Sequence[Outcome]]) -> Markup:
    """Makes a paragraph for every environment that says how its agents end, and which is better.

    **Arguments:**

    - `outcomes`: by environment, of all its runs.
    """
    several = len(outcomes) > 1
    return element(
        "div",
        [
            element("p", _sentences(environment, found, name_it=several))
            for environment, found in outcomes.items()
        ],
        class_="summary",
    )


def what_was_run(runs: Sequence[ReportedRun]) -> Section:
    """Makes the section that lists runs, environments and versions."""
    rows = [
        [
            [element("b", run.label), _made_of(run)],
            run.environment,
            f"{run.frames:,}",
            _seeds(run),
            rates(run.curves.learning_rates),
            _date(run),
        ]
        for run in runs
    ]
    columns = ["agent", "environment", "frames", "seeds", "learning rates", "started"]
    if len(by_environment(runs)) == 1:
        # The title says it already.
        columns, rows = columns[:1] + columns[2:], [row[:1] + row[2:] for row in rows]
    return Section(
        "runs",
        "What was run",
        [
            table("Runs", columns, rows, numbers=[columns.index("frames")], class_="short"),
            element("dl", _facts(runs), class_="facts"),
        ],
    )


def _sentences(environment: str, outcomes: Sequence[Outcome], *, name_it: bool) -> list[Child]:
    best, *others = ranked(outcomes)
    optimum = best.run.optimum
    sentence: list[Child] = [
        f"On {environment}, " if name_it else "",
        element("b", best.run.label),
        f" ends with a trial return of {_value(best)}",
    ]
    if optimum is not None:
        sentence.append(f", where {optimum:.4g} is the best possible")
    if best.success is not None:
        sentence.append(f", and succeeds in {share(best.success.value)} of the episodes")
    sentence.append(". ")
    if others:
        ends = [f"{other.run.label} with {_value(other)}" for other in others]
        sentence.append(f"Below it: {listed(ends)}. ")
        sentence.append(_verdict(comparisons(outcomes)[0]))
    stopped = sum(found.run.stopped for found in outcomes)
    if stopped:
        sentence.append(f" {counted(stopped, 'seed')} had to be stopped.")
    return sentence


def _value(outcome: Outcome) -> str:
    value = number(outcome.trial_return.value)
    if not outcome.has_interval:
        return value
    return f"{value} ({INTERVAL} {interval(outcome.trial_return)})"


def _verdict(comparison: Comparison) -> str:
    first, second = comparison.first.run.label, comparison.second.run.label
    if not comparison.has_interval:
        return f"There are too few seeds to say whether {first} is better than {second}."
    if comparison.is_clear:
        wins = share(comparison.probability.value)
        return f"In {wins} of all pairs of seeds {first} ends higher than {second}."
    return f"These seeds do not tell whether {first} is better than {second}."


def _made_of(run: ReportedRun) -> Child:
    if run.settings is None:
        return None
    return element("small", ingredients(run.settings.agent))


def _seeds(run: ReportedRun) -> str:
    seeds = sorted({member.seed for member in run.curves.members})
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def _date(run: ReportedRun) -> str:
    try:
        started = datetime.datetime.fromisoformat(str(run.directory.record.get("created")))
    except ValueError:
        return "unknown"
    return f"{started:%Y-%m-%d %H:%M}"


def _facts(runs: Sequence[ReportedRun]) -> list[Child]:
    facts: list[tuple[str, Child]] = []
    for environment, found in by_environment(runs).items():
        facts.append((environment, _environment(environment, found)))
    versions = _versions(runs)
    for text, labels in versions.items():
        who = listed(labels) if len(labels) <= _FEW else counted(len(labels), "run")
        facts.append(("Versions" if len(versions) == 1 else f"Versions of {who}", text))
    return [[element("dt", name), element("dd", value)] for name, value in facts]


def _environment(name: str, runs: Sequence[ReportedRun]) -> str:
    episodes = {member.episode_returns.shape[1] for run in runs for member in run.curves.members}
    parts = []
    try:
        entry = EnvironmentSpecification.parse(name).entry
    except UserError:
        entry = None
    if entry is not None:
        parts.append(entry.description[:1].upper() + entry.description[1:].rstrip(".") + ".")
    parts.append(f"A trial has {listed([str(n) for n in sorted(episodes)])} episodes.")
    tasks = {run.settings.evaluation_tasks for run in runs if run.settings is not None}
    if len(tasks) == 1:
        parts.append(f"Every evaluation is on {counted(tasks.pop(), 'fresh task')}.")
    return " ".join(parts).replace(" 1 episodes", " 1 episode")


def _versions(runs: Sequence[ReportedRun]) -> dict[str, list[str]]:
    """The labels of the runs that were made with each set of versions."""
    found: dict[str, list[str]] = {}
    for run in runs:
        record = run.directory.record
        versions = record.get("versions")
        named = {"splagger": record["splagger"], **(versions if isinstance(versions, dict) else {})}
        text = ", ".join(f"{name} {v}" for name, v in named.items() if v != "unknown")
        found.setdefault(text, []).append(run.label)
    return found
