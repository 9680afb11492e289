"""Parts of claims that compare trained agents on one environment."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from splagger.evidence.experiment import Experiment
from splagger.evidence.finding import Finding, Library, Verdict, describe, unless_reduced
from splagger.evidence.outcome import Outcome
from splagger.reporting.scores import ANCHORS, normalise
from splagger.reporting.statistics.bootstrap import Estimate, estimate
from splagger.reporting.statistics.comparison import difference, probability_of_improvement

MARGIN = 0.05
"""As good as another is who is behind by no more than this, of the way from a random policy to the
optimum; where these are not known, of the other's return."""

LEARNT = 0.1
"""The share of the way from a random policy to the optimum from which on something was learnt; for
mazes whose optimum without memory is known, from there on."""

Relation = Literal["above", "not below"]


@dataclass(frozen=True)
class Compare:
    """Whether one agent does better than another, or no worse.

    The score of a seed is its mean trial return over training, which is the paper's measure: it
    rewards both the final return and the speed. It is normalised, 0 for a random policy and 1 for
    the optimum, where both are known.
    """

    first: Experiment
    """The agent that is said to be better."""
    second: Experiment
    """The other."""
    relation: Relation
    """What is said."""

    def judge(self, library: Library) -> Finding:
        """Compares; open where a training lacks or is reduced, or the interval says nothing."""
        text = f"{self.first.label} {self.relation} {self.second.label} on {self.first.environment}"
        first, second = library.outcome(self.first), library.outcome(self.second)
        if first is None or second is None:
            missing = [
                experiment.label
                for experiment, outcome in ((self.first, first), (self.second, second))
                if outcome is None
            ]
            return Finding(text, "open", f"not trained: {', '.join(missing)}")
        unit, scores = _scores(first, second)
        effect = difference([scores[0]], [scores[1]])
        probability = probability_of_improvement([scores[0]], [scores[1]])
        numbers = (
            f"{effect.value:+.2f} [{effect.low:+.2f}, {effect.high:+.2f}]{unit}, "
            f"P(better) {probability.value:.2f}"
        )
        margin = MARGIN if unit == _NORMALISED else MARGIN * abs(float(np.mean(scores[1])))
        verdict = _verdict(effect, self.relation, margin)
        return Finding(text, *unless_reduced(verdict, (first, second)), numbers)


@dataclass(frozen=True)
class Learns:
    """Whether an agent learns more than what can be done without a memory, by the end."""

    experiment: Experiment
    """Which agent, where."""
    expected: bool
    """Whether it is said to learn."""
    chance: float
    """The trial return that needs no memory."""

    def judge(self, library: Library) -> Finding:
        """Compares the final return with what needs no memory."""
        verb = "learns" if self.expected else "does not learn"
        text = f"{self.experiment.label} {verb} {self.experiment.environment}"
        outcome = library.outcome(self.experiment)
        if outcome is None:
            return Finding(text, "open", f"not trained: {self.experiment.label}")
        final = estimate([outcome.final_scores])
        optimum = ANCHORS[self.experiment.environment].optimum
        bound = self.chance + LEARNT * (optimum - self.chance)
        numbers = (
            f"final return {final.value:.2f} [{final.low:.2f}, {final.high:.2f}], "
            f"without memory {self.chance:g}"
        )
        if final.low > bound:
            learnt = True
        elif final.high < bound:
            learnt = False
        else:
            return Finding(text, "open", describe((outcome,)), numbers)
        verdict: Verdict = "holds" if learnt == self.expected else "fails"
        return Finding(text, *unless_reduced(verdict, (outcome,)), numbers)


_NORMALISED = ""


def _scores(first: Outcome, second: Outcome) -> tuple[str, tuple[np.ndarray, np.ndarray]]:
    """What follows an effect where it is not normalised, and the scores of both, over the frames
    that both have."""
    last = min(first.last_frames, second.last_frames)
    scores = [
        outcome.returns[:, outcome.frames <= last].mean(axis=1) for outcome in (first, second)
    ]
    anchor = ANCHORS.get(first.experiment.environment)
    if anchor is None:
        return " in return", (scores[0], scores[1])
    low, high = anchor.random, anchor.optimum
    return _NORMALISED, (normalise(scores[0], low, high), normalise(scores[1], low, high))


def _verdict(effect: Estimate, relation: Relation, margin: float) -> Verdict:
    if relation == "above":
        if effect.low > 0:
            return "holds"
        # What is as good is not above.
        return "fails" if effect.high < margin else "open"
    if effect.low > -margin:
        return "holds"
    return "fails" if effect.high < -margin else "open"
