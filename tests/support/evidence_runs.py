"""Trainings of experiments with made-up evaluations, and processes that make them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from splagger.evidence.experiment import Experiment
from splagger.evidence.scales import SMOKE, Scale, Stage
from splagger.evidence.side_by_side import Ending, SideBySide
from splagger.evidence.store import Store
from splagger.foundation.settings import Settings, to_dictionary
from splagger.training.records import EvaluationRow
from splagger.training.run_directory import RunDirectory

MAZE = "t-maze-long-noise"
"""Where nothing is learnt at a return of 2, and all of it at 16."""

SCALE = replace(
    SMOKE, name="tiny", covering=False, learning_rates=(1e-3, 3e-3), seeds=3, fresh_seeds=4
)
"""Two updates of 40 frames, with two learning rates."""

PER_UPDATE = 40
"""The frames of an update."""

Returns = Mapping[tuple[float, int], Sequence[float]]
"""Trial returns at frames 0, 40, 80 by learning rate and seed."""


def flat(settings: Settings, value: float, evaluations: int = 3) -> Returns:
    """All members of some settings, with one return at all evaluations but the first, of 2; seeds
    differ a little."""
    return {
        (rate, seed): [2.0, *[value + 0.01 * (seed % 100)] * (evaluations - 1)]
        for rate, seed in settings.members
    }


def write_run(path: Path, settings: Settings, returns: Returns) -> RunDirectory:
    """Makes a run directory in which a trial's first of two episodes has all of its return."""
    run = RunDirectory.create(path, to_dictionary(settings))
    for member, ((rate, seed), values) in enumerate(returns.items()):
        run.append_evaluations(
            [
                EvaluationRow(member, rate, seed, PER_UPDATE * k, episode, part, None)
                for k, value in enumerate(values)
                for episode, part in enumerate((value, 0.0))
            ]
        )
    return run


def write_stage(
    store: Store,
    experiment: Experiment,
    stage: Stage = "tuning",
    *,
    value: float = 10.0,
    returns: Returns | None = None,
    scale: Scale = SCALE,
    rate: float = 1e-3,
    evaluations: int = 3,
    change: Callable[[Settings], Settings] = lambda settings: settings,
) -> RunDirectory:
    """Makes what the training of a stage would have left.

    **Arguments:**

    - `store`, `experiment`, `stage`, `scale`: where.
    - `value`: the return of all members but at the start; or else `returns`.
    - `rate`: the learning rate of fresh seeds.
    - `evaluations`: how many there are; with 3 it is done.
    - `change`: what makes the settings others than are planned.
    """
    settings = change(scale.settings(experiment, stage, rate if stage == "fresh" else None))
    if returns is None:
        returns = flat(settings, value, evaluations)
    return write_run(store.own_path(scale, experiment, stage), settings, returns)


class FakeProcesses(SideBySide):
    """Writes evaluations instead of training."""

    def __init__(self, jobs: int = 1, statuses: Mapping[str, int] | None = None):
        """Prepares.

        **Arguments:**

        - `jobs`: how many at a time.
        - `statuses`: exit statuses other than 0 by the agent's name; then nothing is written.
        """
        super().__init__(jobs=jobs, devices=0)
        self.statuses = statuses or {}
        self.trained: list[tuple[Settings, Path]] = []
        self.message = ""

    def train(self, settings: Settings, path: Path, watch: Callable[[], None]) -> Ending | None:
        """Writes a run in which the learning rate 3e-3 is the best."""
        if self.stopping.is_set():
            return None
        self.trained.append((settings, path))
        status = self.statuses.get(settings.agent.name, 0)
        log = path.with_name(f"{path.name}.log")
        if status == 0:
            evaluations = settings.updates + 1
            write_run(
                path,
                settings,
                {(r, s): [2.0, *[1000 * r] * (evaluations - 1)] for r, s in settings.members},
            )
            watch()
        return Ending(status, 1.0, self.message, log)
