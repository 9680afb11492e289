"""Running what is missing of the experiments of some targets."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from splagger.evidence.experiment import Experiment
from splagger.evidence.scales import Scale, Stage
from splagger.evidence.side_by_side import Ending, SideBySide
from splagger.evidence.store import Store, frames_of, state_of
from splagger.foundation.errors import UserError
from splagger.foundation.settings import Settings, from_dictionary
from splagger.reporting.learning_rate import choose_learning_rate
from splagger.reporting.member_curves import read_curves
from splagger.training.run_directory import RunDirectory
from splagger.training.settings_file import SETTINGS

STAGES: tuple[Stage, ...] = ("tuning", "fresh")
"""The stages of an experiment, in their order."""

RULE = "published"
"""How a learning rate is chosen: by the mean return over all of training."""


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


@dataclass(frozen=True)
class Step:
    """What became of a stage of an experiment."""

    experiment: Experiment
    """Which experiment."""
    stage: Stage
    """Which stage."""
    path: Path
    """Its run directory."""
    ending: Ending | None
    """How its process ended; None if it was done already, or not started."""
    note: str
    """In words: `done already`, `trained`, `interrupted`, `failed: ...`."""


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

    def run(self, experiments: Sequence[Experiment], done: Callable[[Step], None]) -> list[Step]:
        """Runs all stages of experiments: the learning rates first, then the fresh seeds.

        An interruption (`KeyboardInterrupt`) saves what is running; the same command goes on.

        **Arguments:**

        - `experiments`: which ones.
        - `done`: is called with every step that ends.

        **Raises:** `UserError` if a training on disk is damaged or its settings are others.
        """
        steps: list[Step] = []

        def follow(experiment: Experiment) -> None:
            for stage in STAGES:
                if stage == "fresh" and not (experiment.fresh and self._scale.fresh_seeds):
                    continue
                step = self._step(experiment, stage)
                with self._told:
                    steps.append(step)
                    done(step)
                if step.note not in ("trained", "done already"):
                    return

        with ThreadPoolExecutor(self._processes.jobs) as pool:
            futures = [pool.submit(follow, experiment) for experiment in experiments]
            try:
                for future in futures:
                    while not future.done():
                        time.sleep(0.1)
                    future.result()
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
            return Step(experiment, stage, existing.path, None, "done already")
        if (own / SETTINGS).is_file() and state_of(RunDirectory.open(own), settings) == "reduced":
            raise UserError(
                f"'{own}' was trained with other settings, learning rates or seeds than are asked "
                "for now: ask for the same, move it away, or give another folder with --folder."
            )
        total = _whole_frames(settings)

        def watch() -> None:
            if (own / SETTINGS).is_file():
                self._watch(experiment, stage, frames_of(RunDirectory.open(own)), total)

        ending = self._processes.train(settings, own, watch)
        return Step(experiment, stage, own, ending, self._note(ending))

    def _note(self, ending: Ending | None) -> str:
        if ending is None:
            return "not started"
        if ending.status == 0:
            return "trained"
        if self._processes.stopping.is_set():
            return "interrupted"
        return f"failed: {ending.message}"


def _whole_frames(settings: Settings) -> int:
    return settings.updates * settings.learning.environments * settings.learning.steps


def trained_frames(run: RunDirectory) -> tuple[int, int]:
    """The frames of a run so far, and those that it was made for."""
    return frames_of(run), _whole_frames(from_dictionary(run.settings))
