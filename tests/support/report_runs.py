"""Run directories with made-up evaluations, for reports."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.trials import trial_record

from splagger.foundation.settings import to_dictionary
from splagger.recipes.recipes import settings_for
from splagger.reporting.report import animation_section
from splagger.training.run_directory import EvaluationRow, RunDirectory
from splagger.training.train import with_changes
from splagger.training.trial_record import TrialRecord

ENVIRONMENT = "t-maze-long-noise:length=3,episodes=2"
"""Where they are said to be trained."""

Values = Mapping[tuple[float, int], Sequence[float]]
"""Trial returns at frames 0, 1000, 2000 ... by learning rate and seed."""

SPLAGGER: Values = {(1e-3, seed): [0.0, 3.0 + seed, 6.0 + seed] for seed in range(3)}
"""Returns of a good agent: at the end 6, 7 and 8."""

RNN: Values = {(1e-3, seed): [0.0, 1.0, 2.0 + seed] for seed in range(3)}
"""Returns of a worse one: at the end 2, 3 and 4."""


def plain_settings(agent: str = "splagger", environment: str = ENVIRONMENT) -> dict[str, Any]:
    """Settings of this version."""
    settings = settings_for(environment, "splagger" if agent not in ("splagger", "rnn") else agent)
    return to_dictionary(with_changes(settings, {"agent": {"name": agent}, "seeds": 3}))


def make_run(
    path: Path,
    values: Values = SPLAGGER,
    settings: Mapping[str, Any] | None = None,
    *,
    checkpoint: bool = False,
    success: float | None = 0.5,
    episodes: int = 2,
) -> Path:
    """Makes a run directory.

    **Arguments:**

    - `path`: where.
    - `values`: what the members achieved, the same in all episodes of a trial.
    - `settings`: by default those of splagger.
    - `checkpoint`: whether there is a file in place of one.
    - `success`: the share of successful episodes.
    - `episodes`: of a trial.
    """
    run = RunDirectory.create(path, plain_settings() if settings is None else settings)
    for member, ((rate, seed), returns) in enumerate(values.items()):
        run.append_evaluations(
            [
                EvaluationRow(member, rate, seed, 1000 * k, e, value / episodes, success)
                for k, value in enumerate(returns)
                for e in range(episodes)
            ]
        )
    if checkpoint:
        run.checkpoints.mkdir()
        (run.checkpoints / "1.npz").touch()
    return path


def without_playing(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Lets reports show a trial that nobody played, of runs that have a checkpoint.

    **Returns:** what they ask to be played.
    """
    asked: list[dict[str, Any]] = []

    def play_run(run: Path, **options: Any) -> TrialRecord:
        asked.append({"run": run, **options})
        return trial_record()

    monkeypatch.setattr(animation_section, "play_run", play_run)
    return asked
