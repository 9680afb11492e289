"""What came of an experiment: the curves of the seeds that report, read from disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from splagger.evidence.experiment import Experiment
from splagger.evidence.scales import Scale, Stage
from splagger.evidence.store import Store, alike, settings_of, state_of
from splagger.foundation.settings import Settings
from splagger.reporting.learning_rate import choose_learning_rate
from splagger.reporting.member_curves import MemberCurve, RunCurves, finite_curves
from splagger.reporting.statistics.curve_values import final_mean, training_mean
from splagger.training.run_directory import RunDirectory

RULE = "published"
"""How a learning rate is chosen: by the mean return over all of training."""


@dataclass(frozen=True)
class Outcome:
    """The evaluations of one experiment at its best learning rate."""

    experiment: Experiment
    """Which experiment."""
    path: Path
    """The run directory of the seeds that report."""
    stage: Stage
    """`fresh`, or `tuning` where the seeds that chose the learning rate report, too."""
    learning_rate: float
    """The learning rate that was chosen."""
    tried: int
    """Among how many."""
    seeds: tuple[int, ...]
    """The seeds that report."""
    frames: np.ndarray
    """`[evaluation]` the frames at the evaluations that all of them had, or were stopped before."""
    episode_returns: np.ndarray
    """`[seed, evaluation, episode]` returns. A seed that was stopped has, from then on, those of
    the worst evaluation of its run, as where the learning rate is chosen."""
    tuning_frames: np.ndarray
    """`[evaluation]` the frames at the evaluations of the seeds that chose the learning rate."""
    tuning_returns: np.ndarray
    """`[seed, evaluation]` trial returns of these at the same learning rate, as the paper reports.
    Where there are no fresh seeds they are `returns`."""
    planned_frames: int
    """The frames that the scale has for it."""
    complete: bool
    """Whether learning rates, seeds and frames are what the scale has, and it is a scale from which
    something follows."""

    @cached_property
    def returns(self) -> np.ndarray:
        """`[seed, evaluation]` trial returns."""
        return self.episode_returns.sum(axis=-1)

    @property
    def training_scores(self) -> np.ndarray:
        """`[seed]` the mean trial return over all of training: final return and speed in one."""
        return training_mean(self.returns)

    @property
    def final_scores(self) -> np.ndarray:
        """`[seed]` the mean trial return of the last tenth of the evaluations."""
        return final_mean(self.returns)

    @property
    def last_frames(self) -> int:
        """The frames at the last evaluation."""
        return int(self.frames[-1])


def read_outcome(store: Store, scale: Scale, experiment: Experiment) -> Outcome | None:
    """Reads what came of an experiment; None where no agent of it is on disk that was trained.

    Fresh seeds report where they were trained as the others were, at the learning rate that was
    chosen, for as many frames, and are as many.

    **Raises:** `UserError` if a training is damaged.
    """
    tuning = store.open(scale, experiment, "tuning")
    curves = _finite_curves(tuning)
    if tuning is None or curves is None:
        return None
    planned = scale.settings(experiment, "tuning")
    complete = state_of(tuning, planned) == "done" and not scale.covering
    rate = choose_learning_rate(curves, RULE)
    stage: Stage = "tuning"
    reporting, settings = curves, settings_of(tuning)
    fresh = store.open(scale, experiment, "fresh")
    fresh_curves = _finite_curves(fresh)
    if fresh is not None and fresh_curves is not None and _reports(fresh, tuning, rate, planned):
        stage, reporting, settings = "fresh", fresh_curves, settings_of(fresh)
    seeds = tuple(seed for one, seed in settings.members if one == rate)
    frames, returns = _rectangle(reporting, reporting.members_at(rate), len(seeds))
    if len(frames) == 0:
        return None
    tuning_frames, tuning_returns = _rectangle(
        curves, curves.members_at(rate), settings_of(tuning).seeds
    )
    return Outcome(
        experiment=experiment,
        path=reporting.path,
        stage=stage,
        learning_rate=rate,
        tried=len(curves.learning_rates),
        seeds=seeds,
        frames=frames,
        episode_returns=returns,
        tuning_frames=tuning_frames,
        tuning_returns=tuning_returns.sum(axis=-1),
        planned_frames=planned.frames,
        complete=complete,
    )


def _finite_curves(run: RunDirectory | None) -> RunCurves | None:
    """The curves of a run; None where it has no evaluation that is finite.

    **Raises:** `UserError` if it is damaged.
    """
    return None if run is None or run.evaluated_frames() == 0 else finite_curves(run)


def _reports(fresh: RunDirectory, tuning: RunDirectory, rate: float, planned: Settings) -> bool:
    settings = settings_of(fresh)
    return (
        settings.learning_rates == (rate,)
        and settings.seeds >= planned.seeds
        and alike(settings, planned)
        and fresh.evaluated_frames() >= tuning.evaluated_frames()
    )


def _rectangle(
    run: RunCurves, members: Sequence[MemberCurve], seeds: int
) -> tuple[np.ndarray, np.ndarray]:
    """The frames of all members, and `[seed, evaluation, episode]` returns.

    Members that were stopped, and those that have no finite evaluation at all, do from then on as
    badly as any member of the run ever did: leaving them out would flatter.
    """
    every = np.unique(np.concatenate([one.frames for one in run.members]))
    frames = every[
        [
            all(at in one.frames or (one.stopped and at > one.frames[-1]) for one in members)
            for at in every
        ]
    ]
    worst = min(run.members, key=lambda one: one.trial_returns.min())
    lowest = worst.episode_returns[worst.trial_returns.argmin()]
    returns = np.tile(lowest, (seeds, len(frames), 1))
    for row, one in zip(returns, members, strict=False):
        row[np.isin(frames, one.frames)] = one.episode_returns[np.isin(one.frames, frames)]
    return frames, returns
