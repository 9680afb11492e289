"""Which of the learning rates of a run is the best."""

from typing import Literal

import numpy as np

from splagger.reporting.member_curves import MemberCurve, RunCurves
from splagger.reporting.statistics.curve_values import training_mean

Rule = Literal["published", "final"]
"""`published`: the highest mean over all evaluations of training, as the paper chooses. `final`:
the highest at the last evaluation; of equals the one with the highest mean over training."""


def choose_learning_rate(run: RunCurves, rule: Rule) -> float:
    """Returns the best learning rate of a run.

    What is compared is the mean trial return over the seeds, of evaluations that are not smoothed.
    A member that was stopped counts, wherever it has no evaluation, as the lowest trial return
    seen in the run. Of equal learning rates the lowest is the best.

    **Arguments:**

    - `run`: the curves of its members.
    - `rule`: what is compared.
    """
    lowest = min(float(member.trial_returns.min()) for member in run.members)
    evaluations = max(len(member.frames) for member in run.members)

    def whole_curve(member: MemberCurve) -> np.ndarray:
        missing = evaluations - len(member.frames) if member.stopped else 0
        return np.append(member.trial_returns, np.full(missing, lowest))

    def merit(rate: float) -> tuple[float, ...]:
        curves = [whole_curve(member) for member in run.members_at(rate)]
        training = float(np.mean([training_mean(curve) for curve in curves]))
        if rule == "published":
            return (training,)
        return float(np.mean([curve[-1] for curve in curves])), training

    return max(run.learning_rates, key=merit)
