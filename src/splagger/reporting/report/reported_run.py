"""What a report says of a run, read from its directory."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from splagger.foundation.errors import UserError
from splagger.foundation.settings import Settings, from_dictionary
from splagger.recipes.command_line import TrainCommand, shortest_command
from splagger.reporting.learning_rate import Rule, choose_learning_rate
from splagger.reporting.member_curves import MemberCurve, RunCurves, read_curves
from splagger.reporting.optima import optimal_return
from splagger.training.run_directory import RunDirectory

RULE: Rule = "final"
"""How a report chooses the learning rate of a run: as the figures do."""


@dataclass(frozen=True)
class ReportedRun:
    """A run, its settings and its curves."""

    label: str
    """What it is called in the report: the agent's name, and the directory's where several runs
    have the same agent and environment."""

    directory: RunDirectory
    """Where it lies, and what is written there."""

    curves: RunCurves
    """The evaluations of all members."""

    settings: Settings | None
    """Its settings; None where they are of a version with others."""

    command: TrainCommand | None
    """The command that starts it again; None where no flags can say its settings."""

    optimum: float | None
    """The best possible expected return of a trial; None where it is not known."""

    @property
    def path(self) -> Path:
        """Its directory."""
        return self.directory.path

    @property
    def environment(self) -> str:
        """The name of its environment, with options."""
        return self.curves.environment

    @property
    def learning_rate(self) -> float:
        """The learning rate that the report shows, chosen by `RULE`."""
        return choose_learning_rate(self.curves, RULE)

    @property
    def members(self) -> list[MemberCurve]:
        """The members of that learning rate, in the order of their seeds."""
        return self.curves.members_at(self.learning_rate)

    @property
    def stopped(self) -> int:
        """How many of these members were stopped before the others."""
        return sum(member.stopped for member in self.members)

    @property
    def frames(self) -> int:
        """The frames that members had been trained on at the last evaluation."""
        return int(max(member.frames[-1] for member in self.curves.members))

    @property
    def typical_member(self) -> MemberCurve:
        """The member in the middle by its last trial return, of two the lower one."""
        members = self.members
        order = np.argsort(self.final_returns.sum(axis=1), kind="stable")
        return members[order[(len(order) - 1) // 2]]

    @property
    def final_returns(self) -> np.ndarray:
        """`[seed, episode]` the return of each episode at the last evaluation. A member that was
        stopped has those of the evaluation with the lowest trial return of the whole run."""
        worst = min(
            (returns for member in self.curves.members for returns in member.episode_returns),
            key=lambda returns: returns.sum(),
        )
        return np.stack([worst if m.stopped else m.episode_returns[-1] for m in self.members])

    @property
    def final_successes(self) -> np.ndarray | None:
        """`[seed]` the share of successful episodes at the last evaluation, from 0 to 1; None where
        it is not known. A member that was stopped has the lowest of the whole run."""
        lowest = min(m.successes.mean(axis=1).min() for m in self.curves.members)
        values = [lowest if m.stopped else m.successes[-1].mean() for m in self.members]
        return None if np.isnan(values).any() else np.asarray(values)

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is something to load, damaged or not."""
        return any(self.directory.checkpoints.glob("*.npz"))

    @property
    def plain_settings(self) -> dict[str, Any]:
        """All settings by their full names, such as `learning.steps`, as they are written."""
        return _flat(self.directory.settings, "")


def read_runs(paths: Sequence[Path]) -> list[ReportedRun]:
    """Reads what a report needs.

    **Arguments:**

    - `paths`: run directories, each once.

    **Raises:** `UserError` if there is none, if one is given twice, or if one cannot be read or has
    no evaluation.
    """
    if not paths:
        raise UserError("no run to report on was given; name at least one run directory.")
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            raise UserError(f"the run '{path}' is given twice; name each run once.")
        seen.add(path.resolve())
    curves = [read_curves(path) for path in paths]
    optima = {name: optimal_return(name) for name in {run.environment for run in curves}}
    return [_reported(run, curves, optima[run.environment]) for run in curves]


def by_environment(runs: Sequence[ReportedRun]) -> dict[str, list[ReportedRun]]:
    """Groups runs by the name of their environment, in the order in which they were given."""
    groups: dict[str, list[ReportedRun]] = {}
    for run in runs:
        groups.setdefault(run.environment, []).append(run)
    return groups


def _reported(run: RunCurves, others: Sequence[RunCurves], optimum: float | None) -> ReportedRun:
    alike = [
        other.path
        for other in others
        if (other.environment, other.agent) == (run.environment, run.agent)
    ]
    directory = RunDirectory.open(run.path)
    try:
        settings = from_dictionary(directory.settings)
    except UserError:
        settings = None
    return ReportedRun(
        label=run.agent if len(alike) == 1 else f"{run.agent} {_distinct_name(run.path, alike)}",
        directory=directory,
        curves=run,
        settings=settings,
        command=None if settings is None else shortest_command(settings),
        optimum=optimum if run.optimum is None else run.optimum,
    )


def _distinct_name(path: Path, alike: Sequence[Path]) -> str:
    """The end of a path, of as many names as tell it from the others."""
    parts = [other.resolve().parts for other in alike]
    length = next(n for n in count(1) if len({p[-n:] for p in parts}) == len(parts))
    return "/".join(path.resolve().parts[-length:])


def _flat(values: dict[str, Any], prefix: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat
