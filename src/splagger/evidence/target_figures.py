"""The figures and the table of a target, drawn from what is on disk."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from matplotlib.figure import Figure

from splagger.evidence.judge import ResultsOnDisk
from splagger.evidence.outcome import Outcome
from splagger.evidence.scales import Scale
from splagger.evidence.store import Store
from splagger.evidence.targets import Target
from splagger.reporting.adaptation import AdaptationPanel, draw_adaptation
from splagger.reporting.bars import BarPanel, draw_bars
from splagger.reporting.comparison_curves import AgentCurves, Panel, draw_comparison
from splagger.reporting.figure_files import save_figure
from splagger.reporting.norm_curves import draw_norms
from splagger.reporting.scores import ANCHORS
from splagger.reporting.statistics.bootstrap import OURS, PAPER, Estimate, estimate
from splagger.training.files import make_folder, write_atomically

SUFFIXES = (".png", ".pdf")
"""The kinds of files of every figure."""

_COLUMNS = (
    *("environment", "agent", "seeds", "stage", "learning_rate", "rates_tried", "frames"),
    *("planned_frames", "training_score", "training_low", "training_high"),
    *("final_return", "final_low", "final_high"),
)


def draw_target(target: Target, store: Store, scale: Scale, out: Path) -> list[Path]:
    """Draws the figures of a target that trains, and writes its table.

    Learning curves twice: with our statistics, and as the paper draws them, of the seeds that chose
    the learning rate. Mean returns over training as bars; the return of each episode at the end of
    training; gradient norms where it is about them.

    **Arguments:**

    - `target`: which target.
    - `store`: where its trainings are.
    - `scale`: of which scale.
    - `out`: the folder for a folder of the target's name; what is there is replaced.

    **Returns:** the files; none where nothing was trained.

    **Raises:** `UserError` if a training is damaged or a file cannot be written.
    """
    library = ResultsOnDisk(store, scale)
    outcomes = [
        outcome
        for experiment in target.experiments
        if (outcome := library.outcome(experiment)) is not None
    ]
    if not outcomes:
        return []
    folder = out / target.name
    make_folder(folder)
    figures = {
        "curves": draw_comparison(_panels(outcomes, tuning=False), OURS),
        "curves-paper": draw_comparison(_panels(outcomes, tuning=True), PAPER),
        "scores": draw_bars(_bars(outcomes), "mean trial return over training"),
        "adaptation": draw_adaptation(_last_episodes(outcomes)),
    }
    if target.norms:
        for environment, norms in _norms(outcomes, library).items():
            name = f"gradient-norms-{environment}"
            axis = "norm of the sequence model's gradient"
            figures[name] = draw_norms(norms, environment, axis)
    table = folder / "scores.csv"
    _write_table(outcomes, table)
    return [*save_all(figures, folder), table]


def save_all(figures: dict[str, Figure], folder: Path) -> list[Path]:
    """Writes figures into a folder, each as every kind of file.

    **Raises:** `UserError` if that is impossible.
    """
    paths = []
    for name, figure in figures.items():
        for suffix in SUFFIXES:
            path = folder / f"{name}{suffix}"
            save_figure(figure, path)
            paths.append(path)
    return paths


def _by_environment(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.experiment.environment, []).append(outcome)
    return found


def _panels(outcomes: Sequence[Outcome], *, tuning: bool) -> list[Panel]:
    """The curves of the seeds that report, or of those that chose the learning rate."""
    panels = []
    for environment, here in _by_environment(outcomes).items():
        anchor = ANCHORS.get(environment)
        panels.append(
            Panel(
                title=environment,
                curves=[_curves(one, tuning=tuning) for one in here],
                optimum=None if anchor is None else anchor.optimum,
                random=None if anchor is None else anchor.random,
            )
        )
    return panels


def _curves(outcome: Outcome, *, tuning: bool) -> AgentCurves:
    label = outcome.experiment.label
    if tuning:
        return AgentCurves(label, outcome.tuning_frames, outcome.tuning_returns)
    return AgentCurves(label, outcome.frames, outcome.returns)


def _bars(outcomes: Sequence[Outcome]) -> list[BarPanel]:
    panels = []
    for environment, here in _by_environment(outcomes).items():
        estimates = {
            one.experiment.label: estimate([one.training_scores])
            for one in sorted(here, key=lambda one: -float(np.mean(one.training_scores)))
        }
        anchor = ANCHORS.get(environment)
        panels.append(
            BarPanel(environment, estimates, None if anchor is None else anchor.optimum, "optimum")
        )
    return panels


def _last_episodes(outcomes: Sequence[Outcome]) -> list[AdaptationPanel]:
    """The returns of episodes, means of the last tenth of the evaluations."""
    return [
        AdaptationPanel(
            environment,
            {
                one.experiment.label: one.episode_returns[:, -max(1, len(one.frames) // 10) :].mean(
                    axis=1
                )
                for one in here
            },
        )
        for environment, here in _by_environment(outcomes).items()
    ]


def _norms(
    outcomes: Sequence[Outcome], library: ResultsOnDisk
) -> dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """For each environment and agent the frames and `[member, update]` norms."""
    found: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]] = {}
    for one in outcomes:
        norms = library.norms(one.experiment)
        if norms is not None:
            # The frames of the last evaluation are those of the last update.
            frames = np.linspace(0, one.last_frames, len(norms) + 1)[1:]
            place = found.setdefault(one.experiment.environment, {})
            place[one.experiment.label] = (frames, norms.T)
    return found


def _write_table(outcomes: Sequence[Outcome], path: Path) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in outcomes:
        writer.writerow(
            [
                one.experiment.environment,
                one.experiment.label,
                len(one.seeds),
                one.stage,
                f"{one.learning_rate:g}",
                one.tried,
                one.last_frames,
                one.planned_frames,
                *_three(estimate([one.training_scores])),
                *_three(estimate([one.final_scores])),
            ]
        )
    content = buffer.getvalue().encode()

    def write(file: BinaryIO) -> None:
        file.write(content)

    write_atomically(path, write)


def _three(found: Estimate) -> list[str]:
    return [f"{number:.4g}" for number in (found.value, found.low, found.high)]
