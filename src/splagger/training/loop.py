"""The host's loop: update, evaluate, record, save, until all frames are used."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from splagger.environments.host.simulators import SimulatorError
from splagger.environments.registry import EnvironmentSpecification
from splagger.foundation.precision import matrix_product_precision
from splagger.learning.evaluation import Evaluation, tasks_of_group
from splagger.learning.train_state import TrainState
from splagger.training import checkpoints
from splagger.training.diverged_episodes import DivergedEpisodes, first_divergence
from splagger.training.interrupts import Interrupts
from splagger.training.loggers.loggers import Loggers
from splagger.training.processes import anywhere, from_first
from splagger.training.progress import MemberStatus, TrainingProgress
from splagger.training.run_directory import START_POSITIONS, EvaluationRow, RunDirectory
from splagger.training.session import Session


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended."""

    path: Path
    """The run directory."""
    frames: int
    """Frames of every member so far."""
    finished: bool
    """Whether all frames are used; otherwise the run was interrupted and can be resumed."""
    failed: tuple[tuple[float, int], ...]
    """(learning rate, seed) of the members that were stopped by a loss that was not finite."""
    resume_command: str
    """The command that goes on with the run, with `--trust` where it has to import code."""


class TrainingLoop:
    """Trains all members of a run from its newest checkpoint, or from the start."""

    def __init__(
        self, run: RunDirectory, session: Session, progress: TrainingProgress, loggers: Loggers
    ):
        """Prepares.

        **Arguments:**

        - `run`: the run directory, locked by the caller.
        - `session`: what its settings describe.
        - `progress`: the display, entered by the caller.
        - `loggers`: what the records are logged to as well, entered by the caller.
        """
        self._run = run
        self._session = session
        self._settings = session.settings
        self._progress = progress
        self._loggers = loggers
        self._frames_per_update = session.sweep.learner.frames_per_update
        self._members = session.settings.members
        self._statuses = [MemberStatus() for _ in self._members]
        self._failed = np.zeros(len(self._members), bool)
        self._diverged = DivergedEpisodes()
        self._saved_at = time.monotonic()
        self._trials_began_anew = False

    def run(self) -> TrainingResult:
        """Trains until all frames are used, every member failed, or a signal asks to stop.

        Whatever happens, what was learnt up to the last update is saved, unless the process is
        killed or the disk is full; then the last checkpoint holds.

        **Raises:** `SimulatorError` where a simulator on the host fails, when that is done.
        """
        with matrix_product_precision(self._settings.precision):
            state, update = self._begin()
            with Interrupts(self._announce_interrupt) as interrupts:
                while update < self._settings.updates and not self._failed.all():
                    if anywhere(interrupts.requested):
                        self._save(state, update)
                        return self._result(update, finished=False)
                    failed_before = self._failed
                    with self._saving_where_simulators_fail(state, update):
                        state = self._update(state, update)
                    update += 1
                    if update % self._settings.evaluation_interval == 0:
                        self._evaluate(state, update)
                    # After the evaluation, which a resumed run would not make again.
                    newly_failed = np.flatnonzero(self._failed & ~failed_before).tolist()
                    if newly_failed:
                        self._report_failures(self._save(state, update), update, newly_failed)
                    waited = time.monotonic() - self._saved_at
                    if anywhere(waited > 60 * self._settings.checkpoint_minutes):
                        self._save(state, update)
                self._save(state, update)
            # Not part of the checkpoint's records: with more frames, this evaluation would not
            # have been made.
            if update % self._settings.evaluation_interval != 0:
                self._evaluate(state, update)
            return self._result(update, finished=True)

    def _begin(self) -> tuple[TrainState, int]:
        path = self._latest_checkpoint()
        if path is None:
            self._run.cut_back(START_POSITIONS)
            self._loggers.begin(self._run, 0)
            state = self._session.initial_state()
            self._evaluate(state, 0)
            return state, 0
        state, metadata = self._session.restore(path)
        update = metadata["update"]
        self._run.cut_back(metadata["positions"])
        self._loggers.begin(self._run, update * self._frames_per_update)
        failed_at = np.asarray(state.failed_at)
        self._failed = failed_at >= 0
        if self._session.trial.may_diverge:
            self._diverged = DivergedEpisodes.of_records(self._run.read_metrics(), failed_at)
        for member, row in _last_evaluations(self._run.read_evaluations()).items():
            self._statuses[member] = row
        state, obstacle = self._session.sweep.take_up(state)
        self._trials_began_anew = bool(obstacle)
        if obstacle:
            self._progress.message(
                f"The simulators could not be put back where they stood ({obstacle}): a new trial "
                "begins in every environment. What was learnt is kept."
            )
        if metadata.get("evaluation_is_due", False):
            self._evaluate(state, update)
        return state, update

    def _latest_checkpoint(self) -> Path | None:
        newest = from_first(lambda: str(checkpoints.latest(self._run.checkpoints) or ""))
        return Path(newest) if newest else None

    def _update(self, state: TrainState, update: int) -> TrainState:
        start = time.monotonic()
        state, metrics = self._session.sweep.update(state)
        metrics, failed_at = self._session.sweep.fetch((metrics, state.failed_at))
        speed = self._frames_per_update / (time.monotonic() - start)
        frames = (update + 1) * self._frames_per_update
        record = {"update": update + 1, "frames": frames, "frames_per_second": speed, **metrics}
        if self._trials_began_anew:
            record["fresh_trials"] = True
            self._trials_began_anew = False
        self._run.append_metrics(record)
        self._loggers.metrics(record)
        self._count_diverged(metrics, update + 1)
        self._failed = failed_at >= 0
        self._progress.update(frames, speed, self._shown())
        return state

    def _evaluate(self, state: TrainState, update: int) -> None:
        # The one that only ends the training is made again in any case.
        due = update % self._settings.evaluation_interval == 0
        with self._saving_where_simulators_fail(state, update, evaluation_is_due=due):
            evaluation = self._session.evaluate(
                state,
                self._session.training_evaluation_keys(update),
                trial=self._session.evaluation_trial,
                tasks=self._settings.evaluation_tasks,
            )
        evaluation = self._session.sweep.fetch(evaluation)
        frames = update * self._frames_per_update
        counts_success = self._session.trial.has_success
        groups = self._session.evaluation_trial.task_groups
        rows = []
        for member, (learning_rate, seed) in enumerate(self._members):
            if self._failed[member]:
                continue
            own = jax.tree.map(lambda values, m=member: values[m], evaluation)
            returns, success = _episode_means(own)
            self._statuses[member] = MemberStatus(
                sum(returns), float(np.mean(success)) if counts_success else None
            )
            parts: list[tuple[str | None, Evaluation]] = [(None, own)]
            for number, name in enumerate(groups):
                parts.append((name, tasks_of_group(own, number, len(groups))))
            for name, part in parts:
                returns, success = _episode_means(part)
                rows += [
                    EvaluationRow(
                        member=member,
                        learning_rate=learning_rate,
                        seed=seed,
                        frames=frames,
                        episode=episode,
                        episode_return=returns[episode],
                        success=success[episode] if counts_success else None,
                        group=name,
                    )
                    for episode in range(len(returns))
                ]
        self._run.append_evaluations(rows)
        self._loggers.evaluations(rows)
        self._progress.update(frames, 0.0, self._shown())

    def _save(self, state: TrainState, update: int, *, evaluation_is_due: bool = False) -> Path:
        state, captured = self._session.sweep.capture(state)
        metadata = {
            "update": update,
            "positions": self._run.positions(),
            "captured": captured,
            "evaluation_is_due": evaluation_is_due,
        }
        path = self._run.save_checkpoint(update, jax.device_get(state), metadata)
        self._saved_at = time.monotonic()
        return path

    @contextmanager
    def _saving_where_simulators_fail(
        self, state: TrainState, update: int, *, evaluation_is_due: bool = False
    ) -> Iterator[None]:
        """Saves the state that training can go on from, and says how."""
        try:
            yield
        except SimulatorError as error:
            self._save(state, update, evaluation_is_due=evaluation_is_due)
            frames = update * self._frames_per_update
            raise SimulatorError(
                f"{error} What was learnt in {frames:,} frames is saved. To go on: "
                f"{self._resume_command()}"
            ) from error

    def _resume_command(self) -> str:
        own = EnvironmentSpecification.parse(self._settings.environment).entry is None
        return f"splagger resume {self._run.path}{' --trust' if own else ''}"

    def _report_failures(self, path: Path, update: int, members: Sequence[int]) -> None:
        # The state of a failed member is the one before the update at which it failed.
        for member in members:
            learning_rate, seed = self._members[member]
            self._progress.message(
                f"learning rate {learning_rate:g}, seed {seed}: a loss was not finite in update "
                f"{update}. This member stands still, the others go on; its last good state is "
                f"in {path}."
            )

    def _count_diverged(self, metrics: dict[str, np.ndarray], update: int) -> None:
        before, self._diverged = self._diverged, self._diverged.after(metrics, self._failed)
        if self._diverged.diverged and not before.diverged:
            self._progress.message(first_divergence(update))

    def _announce_interrupt(self) -> None:
        self._progress.message(
            "Stopping after this update and saving. Again to stop at once, which loses what came "
            "after the last checkpoint."
        )

    def _shown(self) -> list[MemberStatus]:
        return [
            MemberStatus(status.trial_return, status.success, bool(failed))
            for status, failed in zip(self._statuses, self._failed, strict=True)
        ]

    def _result(self, update: int, *, finished: bool) -> TrainingResult:
        failed = tuple(
            member for member, bad in zip(self._members, self._failed, strict=True) if bad
        )
        frames = update * self._frames_per_update
        if self._diverged.diverged:
            self._progress.message(str(self._diverged))
        return TrainingResult(self._run.path, frames, finished, failed, self._resume_command())


def _episode_means(evaluation: Evaluation) -> tuple[list[float], list[float]]:
    returns = np.mean(evaluation.returns, axis=0)
    success = np.mean(evaluation.success, axis=0)
    return [float(value) for value in returns], [float(value) for value in success]


def _last_evaluations(rows: Sequence[EvaluationRow]) -> dict[int, MemberStatus]:
    last: dict[int, Any] = {}
    for row in rows:
        if row.member not in last or last[row.member][0].frames != row.frames:
            last[row.member] = []
        last[row.member].append(row)
    return {
        member: MemberStatus(
            sum(row.episode_return for row in found),
            None if found[0].success is None else float(np.mean([r.success for r in found])),
        )
        for member, found in last.items()
    }
