"""Running what is missing of the experiments of some targets."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from splagger.evidence.exit_status import BAD_INPUT, INTERRUPTED, STOPPED
from splagger.evidence.experiment import Experiment
from splagger.evidence.outcome import RULE
from splagger.evidence.scales import Scale, Stage
from splagger.evidence.side_by_side import Ending, SideBySide
from splagger.evidence.store import Store, state_of
from splagger.foundation.errors import UserError
from splagger.foundation.settings import Settings
from splagger.reporting.learning_rate import choose_learning_rate
from splagger.reporting.member_curves import read_curves
from splagger.training.run_directory import RunDirectory
from splagger.training.settings_file import SETTINGS

_ANY_RATE = 1e-3
_POLL_SECONDS = 0.1

STAGES: tuple[Stage, ...] = ("tuning", "fresh")
"""The stages of an experiment, in their order."""


@dataclass(frozen=True)
class Reductions:
    """What is done of a scale, where that is too much; None keeps what the scale says."""

    learning_rates: tuple[float, ...] | None = None
    """The learning rates to choose from."""
    seeds: int | None = None
    """How many seeds choose."""
    fresh_seeds: int | None = None
    """How many fresh seeds report; 0 for none."""
    frames: int | None = None
    """Frames of every member, at most."""
    precision: str | None = None
    """Precision of matrix products on accelerators."""

    def apply(self, scale: Scale) -> Scale:
        """The scale with these numbers of learning rates and seeds."""
        given = {
            name: value
            for name in ("learning_rates", "seeds", "fresh_seeds")
            if (value := getattr(self, name)) is not None
        }
        return replace(scale, **given)

    def of(self, settings: Settings) -> Settings:
        """Settings with fewer frames and another precision."""
        if self.frames is not None:
            settings = replace(settings, frames=min(settings.frames, self.frames))
        if self.precision is not None:
            settings = replace(settings, precision=self.precision)
        return settings


Result = Literal["done already", "trained", "interrupted", "not started", "failed"]
"""What became of a stage: `interrupted` and `not started` where all was to stop."""


@dataclass(frozen=True)
class Step:
    """What became of a stage of an experiment."""

    experiment: Experiment
    """Which experiment."""
    stage: Stage
    """Which stage."""
    path: Path
    """Its run directory."""
    result: Result
    """What became of it."""
    detail: str = ""
    """What there is to say about it, such as why it failed."""
    seconds: float | None = None
    """How long its process took; None where there was none."""

    @property
    def note(self) -> str:
        """Result and detail."""
        return f"{self.result}: {self.detail}" if self.detail else self.result


class Reproduction:
    """Runs the experiments of targets, side by side; what is done already is left as it is."""

    def __init__(
        self,
        scale: Scale,
        store: Store,
        processes: SideBySide,
        reductions: Reductions,
        watch: Callable[[Experiment, Stage, int, int], None],
    ):
        """Prepares.

        **Arguments:**

        - `scale`: how much is run.
        - `store`: where trainings are and go.
        - `processes`: runs them.
        - `reductions`: what is run of the scale.
        - `watch`: is told now and then of an experiment and a stage, its frames so far and in all.
        """
        self._scale = reductions.apply(scale)
        self._store = store
        self._processes = processes
        self._reductions = reductions
        self._watch = watch
        self._told = threading.Lock()

    def check(self, experiments: Sequence[Experiment]) -> None:
        """Checks what can be checked before anything is trained.

        **Raises:** `UserError` if settings of an experiment are not valid.
        """
        for experiment in experiments:
            self.planned(experiment, "tuning")
            if experiment.fresh and self._scale.fresh_seeds:
                self._reductions.of(self._scale.settings(experiment, "fresh", _ANY_RATE))

    def run(
        self,
        experiments: Sequence[Experiment],
        done: Callable[[Step], None],
        stopping: Callable[[], None] = lambda: None,
    ) -> list[Step]:
        """Runs all stages of experiments: the learning rates first, then the fresh seeds.

        What fails is a step that failed, and the others go on. A first `KeyboardInterrupt` saves
        what is running, a second one ends it at once; then it is raised.

        **Arguments:**

        - `experiments`: which ones.
        - `done`: is called with every step that ends.
        - `stopping`: is called at the first interruption.
        """
        steps: list[Step] = []

        def follow(experiment: Experiment) -> None:
            for stage in STAGES:
                if stage == "fresh" and not (experiment.fresh and self._scale.fresh_seeds):
                    continue
                try:
                    step = self._step(experiment, stage)
                except UserError as error:
                    own = self._store.own_path(self._scale, experiment, stage)
                    step = Step(experiment, stage, own, "failed", str(error))
                with self._told:
                    steps.append(step)
                    done(step)
                if step.result not in ("trained", "done already"):
                    return

        with ThreadPoolExecutor(self._processes.jobs) as pool:
            futures = [pool.submit(follow, experiment) for experiment in experiments]
            try:
                _wait(futures)
            except KeyboardInterrupt:
                self._processes.stopping.set()
                try:
                    stopping()
                    _wait(futures)
                except KeyboardInterrupt:
                    self._processes.hurry.set()
                raise
            except BaseException:
                self._processes.stopping.set()
                raise
        return steps

    def planned(self, experiment: Experiment, stage: Stage) -> Settings:
        """The settings of a stage; for fresh seeds with the learning rate that was chosen.

        **Raises:** `UserError` if the learning rates were not tried yet.
        """
        rate = None
        if stage == "fresh":
            tuning = self._store.path(self._scale, experiment, "tuning")
            if tuning is None:
                raise UserError(f"no learning rate was chosen for {experiment.label} yet.")
            rate = choose_learning_rate(read_curves(tuning), RULE)
        return self._reductions.of(self._scale.settings(experiment, stage, rate))

    def _step(self, experiment: Experiment, stage: Stage) -> Step:
        settings = self.planned(experiment, stage)
        own = self._store.own_path(self._scale, experiment, stage)
        existing = self._store.open(self._scale, experiment, stage)
        if state_of(existing, settings) == "done":
            assert existing is not None
            return Step(experiment, stage, existing.path, "done already")
        if (own / SETTINGS).is_file() and state_of(RunDirectory.open(own), settings) == "reduced":
            raise UserError(
                f"'{own}' was trained with other settings, learning rates or seeds than are asked "
                "for now: ask for the same, move it away, or give another folder with --folder."
            )
        total = _whole_frames(settings)

        def watch() -> None:
            if (own / SETTINGS).is_file():
                self._watch(experiment, stage, RunDirectory.open(own).evaluated_frames(), total)

        ending = self._processes.train(settings, own, watch)
        if ending is None:
            return Step(experiment, stage, own, "not started")
        result, detail = self._result(ending)
        return Step(experiment, stage, own, result, detail, ending.seconds)

    def _result(self, ending: Ending) -> tuple[Result, str]:
        if ending.status == 0:
            return "trained", ending.message if ending.message.startswith(STOPPED) else ""
        # One that is stopped before it can save ends in another way.
        stopped = self._processes.stopping.is_set() and ending.status != BAD_INPUT
        if stopped or ending.status == INTERRUPTED:
            return "interrupted", ""
        reason = ending.message or f"exit status {ending.status}"
        return "failed", f"{reason} (all that it said: {ending.log})"


def _wait(futures: Sequence[Future[None]]) -> None:
    for future in futures:
        # Not `result()` alone, which on some systems Ctrl-C does not interrupt.
        while not future.done():
            time.sleep(_POLL_SECONDS)
        future.result()


def _whole_frames(settings: Settings) -> int:
    return settings.updates * settings.learning.environments * settings.learning.steps
