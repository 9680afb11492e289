"""Where the trainings of experiments lie: folders to read, and the one that is written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from splagger.evidence.experiment import Experiment
from splagger.evidence.scales import Scale, Stage
from splagger.foundation.errors import UserError
from splagger.foundation.settings import Settings, from_dictionary
from splagger.training.run_directory import RunDirectory
from splagger.training.run_path import safe_name
from splagger.training.settings_file import SETTINGS

State = Literal["missing", "begun", "reduced", "done"]
"""`missing`: not there. `begun`: as planned, but for frames that are to come. `reduced`: with fewer
learning rates or seeds, or other settings. `done`: as planned, or with more."""

COMMITTED = Path("results/evidence")
"""The project's own results, in a checkout of it."""

RUNS = Path("runs/evidence")
"""Where new trainings go by default."""

ANALYSES = "analysis"
"""The folder of analyses of untrained agents: `gradients` and `permutation` below it."""


@dataclass(frozen=True)
class Store:
    """The trainings on disk: `FOLDER/SCALE/ENVIRONMENT/AGENT/STAGE` are run directories."""

    folder: Path = RUNS
    """Where new ones go."""
    others: Sequence[Path] = (COMMITTED,)
    """Where others are read, if they are not in `folder`."""

    def own_path(self, scale: Scale, experiment: Experiment, stage: Stage) -> Path:
        """Where a training goes."""
        return _below(self.folder, scale, experiment, stage)

    def path(self, scale: Scale, experiment: Experiment, stage: Stage) -> Path | None:
        """Where a training is; None where there is none."""
        for folder in (self.folder, *self.others):
            path = _below(folder, scale, experiment, stage)
            if (path / SETTINGS).is_file():
                return path
        return None

    def open(self, scale: Scale, experiment: Experiment, stage: Stage) -> RunDirectory | None:
        """A training's run directory; None where there is none.

        **Raises:** `UserError` if it is damaged.
        """
        path = self.path(scale, experiment, stage)
        return None if path is None else RunDirectory.open(path)

    def analyses(self) -> list[Path]:
        """The folders that may hold analyses of untrained agents."""
        return [self.folder / ANALYSES, *(other.parent / ANALYSES for other in self.others)]


def _below(folder: Path, scale: Scale, experiment: Experiment, stage: Stage) -> Path:
    place = folder / scale.name / safe_name(experiment.environment)
    return place / safe_name(experiment.label) / stage


_FREE = (
    *("learning_rates", "seeds", "first_seed", "frames", "evaluation_interval"),
    *("evaluation_tasks", "checkpoint_minutes", "precision", "host"),
)
"""Settings in which a training may differ from the plan and be as planned."""


def state_of(run: RunDirectory | None, planned: Settings) -> State:
    """How far a training is.

    **Arguments:**

    - `run`: its run directory, None where there is none.
    - `planned`: the settings that it should have.

    **Raises:** `UserError` if the run is damaged or from another version.
    """
    if run is None:
        return "missing"
    settings = settings_of(run)
    if not alike(settings, planned) or not set(planned.members) <= set(settings.members):
        return "reduced"
    frames = run.evaluated_frames()
    per_update = planned.learning.environments * planned.learning.steps
    return "done" if frames >= planned.updates * per_update else "begun"


def settings_of(run: RunDirectory) -> Settings:
    """The settings of a run.

    **Raises:** `UserError` if they are damaged or from another version.
    """
    try:
        return from_dictionary(run.settings)
    except UserError as error:
        raise UserError(f"cannot use the run '{run.path}': {error}") from error


def alike(settings: Settings, planned: Settings) -> bool:
    """Whether settings are those that are planned, but for how many learning rates, seeds and
    frames there are, and for what changes no result."""
    return replace(settings, **{name: getattr(planned, name) for name in _FREE}) == planned
