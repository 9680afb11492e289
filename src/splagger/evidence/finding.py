"""What the results on disk say about one part of a claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from splagger.evidence.experiment import Experiment
from splagger.evidence.outcome import Outcome

Verdict = Literal["holds", "fails", "open"]
"""`open`: not decided, for lack of trainings or because the interval holds both answers."""


@dataclass(frozen=True)
class Finding:
    """A verdict with the numbers that it rests on."""

    text: str
    """What was asked: `splagger above rnn on t-maze-long-noise`."""
    verdict: Verdict
    """The answer."""
    evidence: str
    """Seeds and frames; without numbers the reason, a colon, and what is missing."""
    numbers: str = ""
    """Effect size and interval in words; empty where there is nothing to compare."""


@runtime_checkable
class Library(Protocol):
    """Where the parts of claims find results."""

    def outcome(self, experiment: Experiment) -> Outcome | None:
        """What came of an experiment; None where nothing is on disk."""
        ...

    def norms(self, experiment: Experiment) -> np.ndarray | None:
        """`[update, member]` norms of the sequence model's gradient over training, or None."""
        ...

    def analysis(self, name: str, agent: str) -> np.ndarray | None:
        """`[member, step]` a quantity of untrained agents, or None where it was not computed."""
        ...


@runtime_checkable
class Part(Protocol):
    """Something that results can decide."""

    def judge(self, library: Library) -> Finding:
        """What the results say."""
        ...


def together(findings: Sequence[Finding]) -> Verdict:
    """The verdict on a claim with several parts: it holds if all hold, it fails if one fails."""
    verdicts = {finding.verdict for finding in findings}
    if "fails" in verdicts:
        return "fails"
    return "open" if "open" in verdicts or not verdicts else "holds"


def unless_reduced(verdict: Verdict, outcomes: Sequence[Outcome]) -> tuple[Verdict, str]:
    """Verdict and evidence: reduced trainings decide nothing, whatever they show."""
    evidence = describe(outcomes)
    if all(outcome.complete for outcome in outcomes):
        return verdict, evidence
    return "open", f"reduced, so far {verdict}: {evidence}"


def describe(outcomes: Sequence[Outcome]) -> str:
    """The seeds of outcomes in words; of those that are reduced frames and learning rates, too."""
    return " / ".join(dict.fromkeys(map(_describe, outcomes)))


def _describe(outcome: Outcome) -> str:
    words = f"{len(outcome.seeds)} {'fresh ' if outcome.stage == 'fresh' else ''}seeds"
    if outcome.complete:
        return words
    rates = f"{outcome.tried} learning rate{'' if outcome.tried == 1 else 's'}"
    frames = f"{outcome.last_frames / 1e6:.3g} of {outcome.planned_frames / 1e6:.3g} million frames"
    return f"{words}, {rates}, {frames}"
