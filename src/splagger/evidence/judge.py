"""Judging all claims by the results on disk."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from splagger.evidence.claims import CLAIMS, Claim
from splagger.evidence.experiment import Experiment
from splagger.evidence.finding import Finding, Verdict, together
from splagger.evidence.outcome import Outcome, read_outcome
from splagger.evidence.scales import Scale
from splagger.evidence.store import Store
from splagger.foundation.errors import UserError

NORM = "sequence_gradient_norm"
"""The metric that claims about gradients in training are about: before clipping."""


@dataclass(frozen=True)
class Judged:
    """A claim with what the results say about each of its parts."""

    claim: Claim
    """Which claim."""
    findings: tuple[Finding, ...]
    """One for each part."""

    @property
    def verdict(self) -> Verdict:
        """The verdict on the whole claim."""
        return together(self.findings)


def judge_all(store: Store, scale: Scale, claims: Sequence[Claim] = CLAIMS) -> list[Judged]:
    """Judges claims by the trainings of a scale and the analyses of untrained agents.

    **Raises:** `UserError` if a training on disk is damaged.
    """
    library = ResultsOnDisk(store, scale)
    return [Judged(claim, tuple(part.judge(library) for part in claim.parts)) for claim in claims]


@dataclass
class ResultsOnDisk:
    """Reads results when they are asked for, each once."""

    store: Store
    """Where they are."""
    scale: Scale
    """Of which scale."""
    _outcomes: dict[tuple[str, str], Outcome | None] = field(default_factory=dict)

    def outcome(self, experiment: Experiment) -> Outcome | None:
        """What came of an experiment; None where nothing is on disk."""
        if experiment.key not in self._outcomes:
            self._outcomes[experiment.key] = read_outcome(self.store, self.scale, experiment)
        return self._outcomes[experiment.key]

    def norms(self, experiment: Experiment) -> np.ndarray | None:
        """`[update, member]` norms over training, of all learning rates; NaN where not finite."""
        run = self.store.open(self.scale, experiment, "tuning")
        records = [] if run is None else run.read_metrics()
        if not records or NORM not in records[0]:
            return None
        return np.array([record[NORM] for record in records if NORM in record], dtype=float)

    def analysis(self, name: str, agent: str) -> np.ndarray | None:
        """`[member, step]` a quantity of untrained agents, or None where it was not computed."""
        for folder in self.store.analyses():
            for path in sorted(folder.glob(f"*/{name}.csv")):
                values = _read_step_values(path, agent)
                if values is not None:
                    return values
        return None


def _read_step_values(path: Path, agent: str) -> np.ndarray | None:
    try:
        with open(path, newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["agent"] == agent]
        if not rows:
            return None
        members = 1 + max(int(row["member"]) for row in rows)
        return np.array([float(row["value"]) for row in rows]).reshape(members, -1)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"'{path}' is damaged: it is no table of values over steps.") from error
