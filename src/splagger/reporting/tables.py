"""The result of runs as a table: what each member achieves at the end."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.box import ASCII, SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from splagger.reporting.learning_rate import choose_learning_rate
from splagger.reporting.member_curves import MemberCurve, RunCurves, read_curves

_TEXT_WIDTH = 200
_BEST = "*"


@dataclass(frozen=True)
class Result:
    """The final evaluation of one member, or the mean of those of several."""

    episode_returns: np.ndarray
    """`[episode]` the mean return of each episode of the trial."""

    trial_return: float
    """The sum of the episodes' returns."""

    success: float
    """The share of successful episodes, from 0 to 1; NaN where unknown."""


def final_result(member: MemberCurve) -> Result:
    """Returns what `member` achieved at its last evaluation."""
    returns = member.episode_returns[-1]
    return Result(returns, float(returns.sum()), float(member.successes[-1].mean()))


def mean_result(results: Sequence[Result]) -> Result:
    """Returns the mean of the results of members that had the same number of episodes."""
    return Result(
        np.mean([result.episode_returns for result in results], axis=0),
        float(np.mean([result.trial_return for result in results])),
        float(np.mean([result.success for result in results])),
    )


def results_table(runs: Sequence[Path]) -> Table:
    """Makes a table with a row for each member of `runs`, and the mean of each learning rate.

    **Raises:** `UserError` if a run cannot be read or has no evaluations.
    """
    curves = [read_curves(run) for run in runs]
    environments = {run.environment for run in curves}
    where = f" on {environments.pop()}" if len(environments) == 1 else ""
    table = Table(
        title=Text(f"final evaluation{where}"), title_justify="left", box=SIMPLE_HEAD, padding=0
    )
    table.add_column("agent")
    for name in (
        "learning\nrate",
        "seed",
        "frames",
        "return\nby episode",
        "trial\nreturn",
        "success",
    ):
        table.add_column(name, justify="right", no_wrap=True, vertical="bottom")
    if any(len(run.learning_rates) > 1 for run in curves):
        table.caption = f"{_BEST} best learning rate of its run"
        table.caption_justify = "left"
    for run in curves:
        _add_run(table, run, run.agent if where else f"{run.agent}\n{run.environment}")
        table.add_section()
    return table


def results_text(runs: Sequence[Path]) -> str:
    """Returns the table of `results_table` as text without control characters or colours.

    **Raises:** `UserError` if a run cannot be read or has no evaluations.
    """
    table = results_table(runs)
    table.box = ASCII
    table.padding = (0, 1)
    buffer = io.StringIO()
    Console(file=buffer, width=_TEXT_WIDTH, color_system=None, force_terminal=False).print(table)
    lines = [line.rstrip() for line in buffer.getvalue().splitlines()]
    return "\n".join(lines) + "\n"


def _add_run(table: Table, run: RunCurves, name: str) -> None:
    chosen = choose_learning_rate(run, "final")
    for learning_rate in run.learning_rates:
        members = run.members_at(learning_rate)
        results = [final_result(member) for member in members]
        best = len(run.learning_rates) > 1 and learning_rate == chosen
        rate = f"{_BEST} {learning_rate:g}" if best else f"{learning_rate:g}"
        for member, result in zip(members, results, strict=True):
            seed = f"{member.seed} (stopped)" if member.stopped else str(member.seed)
            frames = f"{int(member.frames[-1]):,}"
            table.add_row(Text(name), rate, seed, frames, *_cells(result))
            # Once is enough for each run.
            name = ""
        if len(members) > 1:
            table.add_row("", rate, "mean", "", *_cells(mean_result(results)), style="bold")


def _cells(result: Result) -> list[str]:
    return [
        "  ".join(f"{value:.2f}" for value in result.episode_returns),
        f"{result.trial_return:.2f}",
        "-" if np.isnan(result.success) else f"{result.success:.1%}",
    ]
