"""What came of an experiment: the curves of the seeds that report, read from disk."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from splagger.evidence.experiment import Experiment
from splagger.evidence.scales import Scale, Stage
from splagger.evidence.store import Store, frames_of, state_of
from splagger.foundation.settings import from_dictionary
from splagger.reporting.learning_rate import choose_learning_rate
from splagger.reporting.member_curves import MemberCurve, read_curves
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
    members: tuple[MemberCurve, ...]
    """The seeds that report."""
    frames: np.ndarray
    """`[evaluation]` the frames at the evaluations that all of them had."""
    planned_frames: int
    """The frames that the scale has for it."""
    complete: bool
    """Whether learning rates, seeds and frames are what the scale has."""

    @cached_property
    def returns(self) -> np.ndarray:
        """`[seed, evaluation]` trial returns."""
        return self.episode_returns.sum(axis=-1)

    @cached_property
    def episode_returns(self) -> np.ndarray:
        """`[seed, evaluation, episode]` returns."""
        return np.stack(
            [one.episode_returns[np.isin(one.frames, self.frames)] for one in self.members]
        )

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
    """Reads what came of an experiment; None where nothing of it is on disk.

    Fresh seeds report where they were trained for as many frames as the others.

    **Raises:** `UserError` if a training is damaged.
    """
    tuning = store.open(scale, experiment, "tuning")
    if tuning is None or frames_of(tuning) == 0:
        return None
    planned = scale.settings(experiment, "tuning")
    complete = state_of(tuning, planned) == "done"
    curves = read_curves(tuning.path)
    rate = choose_learning_rate(curves, RULE)
    stage: Stage = "tuning"
    source = tuning
    fresh = store.open(scale, experiment, "fresh")
    if fresh is not None and _as_long(fresh, tuning) and _rate_of(fresh) == rate:
        stage, source = "fresh", fresh
    members = read_curves(source.path).members_at(rate)
    frames = members[0].frames
    for member in members[1:]:
        frames = np.intersect1d(frames, member.frames)
    return Outcome(
        experiment=experiment,
        path=source.path,
        stage=stage,
        learning_rate=rate,
        tried=len(curves.learning_rates),
        members=tuple(members),
        frames=frames,
        planned_frames=planned.frames,
        complete=complete,
    )


def _as_long(fresh: RunDirectory, tuning: RunDirectory) -> bool:
    return frames_of(fresh) >= frames_of(tuning)


def _rate_of(fresh: RunDirectory) -> float:
    return from_dictionary(fresh.settings).learning_rates[0]
