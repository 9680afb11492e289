"""A library of made-up outcomes, for claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from splagger.evidence.experiment import Experiment
from splagger.evidence.outcome import Outcome


def made_outcome(
    experiment: Experiment,
    returns: Sequence[Sequence[float]],
    *,
    complete: bool = True,
    frames: Sequence[int] | None = None,
    fresh: bool = False,
) -> Outcome:
    """An outcome with trial returns `[seed, evaluation]` of one episode."""
    values = np.array(returns, float)[..., None]
    places = np.arange(values.shape[1]) * 1_000_000 if frames is None else np.array(frames)
    return Outcome(
        experiment=experiment,
        path=Path("run"),
        stage="fresh" if fresh else "tuning",
        learning_rate=1e-3,
        tried=2,
        seeds=tuple(range(len(values))),
        frames=places,
        episode_returns=values,
        tuning_frames=places,
        tuning_returns=values.sum(axis=-1),
        planned_frames=2_000_000,
        complete=complete,
    )


@dataclass
class MadeLibrary:
    """Has what it is given, by the labels of experiments."""

    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    gradients: Mapping[str, np.ndarray] = field(default_factory=dict)
    analyses: Mapping[tuple[str, str], np.ndarray] = field(default_factory=dict)

    def outcome(self, experiment: Experiment) -> Outcome | None:
        return self.outcomes.get(experiment.label)

    def norms(self, experiment: Experiment) -> np.ndarray | None:
        return self.gradients.get(experiment.label)

    def analysis(self, name: str, agent: str) -> np.ndarray | None:
        return self.analyses.get((name, agent))
