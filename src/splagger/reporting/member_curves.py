"""Reading run directories: the curve of each member, in arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from splagger.foundation.errors import UserError
from splagger.training.records import EvaluationRow
from splagger.training.run_directory import RunDirectory


@dataclass(frozen=True)
class MemberCurve:
    """All evaluations of one member. An evaluation with a return that is not finite is left out."""

    learning_rate: float
    """The member's learning rate."""

    seed: int
    """The member's seed."""

    frames: np.ndarray
    """`[evaluation]` the frames at each evaluation, increasing."""

    episode_returns: np.ndarray
    """`[evaluation, episode]` the mean return of each episode of the trial."""

    successes: np.ndarray
    """`[evaluation, episode]` the share of successful episodes, from 0 to 1; NaN where unknown."""

    stopped: bool
    """Whether other members of the run were evaluated later: this one was stopped."""

    @property
    def trial_returns(self) -> np.ndarray:
        """`[evaluation]` the sum of the episodes' returns."""
        return self.episode_returns.sum(axis=-1)


@dataclass(frozen=True)
class RunCurves:
    """The curves of all members of one run."""

    path: Path
    """The run directory."""

    environment: str
    """The name of the environment, `unknown environment` if the settings do not tell it."""

    agent: str
    """The name of the agent, `unknown agent` if the settings do not tell it."""

    optimum: float | None
    """The optimal trial return, if the settings tell it."""

    members: tuple[MemberCurve, ...]
    """The members, ordered by learning rate and seed. At least one, each with an evaluation."""

    @property
    def learning_rates(self) -> list[float]:
        """The learning rates of the members, increasing, each once."""
        return sorted({member.learning_rate for member in self.members})

    def members_at(self, learning_rate: float) -> list[MemberCurve]:
        """Returns the members that have this learning rate, in the order of their seeds."""
        return [member for member in self.members if member.learning_rate == learning_rate]

    def mean_curve(self, learning_rate: float) -> tuple[np.ndarray, np.ndarray]:
        """Returns what is needed for the mean over the seeds of a learning rate.

        Only evaluations that all of its members reached are used: a mean over those that are
        left after one was stopped would flatter.

        **Returns:** the frames, `[evaluation]`, and the trial returns, `[member, evaluation]`.
        """
        members = self.members_at(learning_rate)
        frames = members[0].frames
        for member in members[1:]:
            frames = np.intersect1d(frames, member.frames)
        returns = [member.trial_returns[np.isin(member.frames, frames)] for member in members]
        return frames, np.stack(returns)


def read_curves(path: Path) -> RunCurves:
    """Reads the evaluations of the run directory `path`.

    **Raises:** `UserError` if it is not a run directory, is damaged, or has no evaluation yet
    that is finite.
    """
    run = RunDirectory.open(path)
    curves = finite_curves(run)
    if curves is None:
        lack = "only evaluations that are nan or infinite"
        if not run.evaluated_frames() and not run.read_evaluations():
            lack = "no evaluation yet"
        raise UserError(f"the run '{path}' has {lack}.")
    return curves


def finite_curves(run: RunDirectory) -> RunCurves | None:
    """Reads the evaluations of a run; None where none is finite.

    **Raises:** `UserError` if it is damaged.
    """
    optimum = run.settings.get("optimal_trial_return")
    return _curves(
        run,
        run.read_evaluations(),
        environment=_name(run.settings, "environment"),
        optimum=float(optimum) if isinstance(optimum, int | float) else None,
    )


def read_group_curves(path: Path) -> list[RunCurves]:
    """Reads the evaluations of each group of tasks of a run, as if it were an environment by
    itself.

    **Raises:** as `read_curves`, and `UserError` where tasks are in no groups.
    """
    run = RunDirectory.open(path)
    rows = run.read_evaluations(groups=True)
    if not rows:
        raise UserError(f"the run '{path}' has no evaluations of groups of tasks.")
    environment = _name(run.settings, "environment")
    curves = []
    for group in dict.fromkeys(row.group for row in rows):
        here = [row for row in rows if row.group == group]
        found = _curves(run, here, environment=f"{environment}\n{group}", optimum=None)
        if found is None:
            raise UserError(f"the run '{path}' has no finite evaluation of the tasks '{group}'.")
        curves.append(found)
    return curves


def _curves(
    run: RunDirectory, rows: list[EvaluationRow], *, environment: str, optimum: float | None
) -> RunCurves | None:
    by_member: dict[tuple[float, int, int], list[EvaluationRow]] = {}
    for row in rows:
        by_member.setdefault((row.learning_rate, row.seed, row.member), []).append(row)
    curves = [_member_curve(by_member[member]) for member in sorted(by_member)]
    members = [curve for curve in curves if curve is not None]
    if not members:
        return None
    last = max(member.frames[-1] for member in members)
    members = [replace(member, stopped=bool(member.frames[-1] < last)) for member in members]
    return RunCurves(
        path=run.path,
        environment=environment,
        agent=_name(run.settings, "agent"),
        optimum=optimum,
        members=tuple(members),
    )


def _name(settings: Mapping[str, Any], key: str) -> str:
    value = settings.get(key)
    if isinstance(value, Mapping):
        value = value.get("name")
    return value if isinstance(value, str) and value else f"unknown {key}"


def _member_curve(rows: list[EvaluationRow]) -> MemberCurve | None:
    episodes = sorted({row.episode for row in rows})
    by_frames: dict[int, dict[int, EvaluationRow]] = {}
    for row in rows:
        by_frames.setdefault(row.frames, {})[row.episode] = row
    # An evaluation without all of its episodes is one that is being written.
    complete = {
        frames: [found[episode] for episode in episodes]
        for frames, found in sorted(by_frames.items())
        if len(found) == len(episodes)
        and all(np.isfinite(row.episode_return) for row in found.values())
    }
    if not complete:
        return None
    evaluations = list(complete.values())
    return MemberCurve(
        learning_rate=rows[0].learning_rate,
        seed=rows[0].seed,
        frames=np.array(list(complete)),
        episode_returns=np.array([[row.episode_return for row in rows] for rows in evaluations]),
        successes=np.array(
            [
                [np.nan if row.success is None else row.success for row in rows]
                for rows in evaluations
            ]
        ),
        stopped=False,
    )
