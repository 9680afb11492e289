"""Which of the learning rates of a run is the best."""

from typing import Literal

import numpy as np

from splagger.reporting.member_curves import MemberCurve, RunCurves

Rule = Literal["published", "final"]
"""`published`: the highest mean over all evaluations of training, as the paper chooses. `final`:
the highest at the last evaluation; of equals the one with the highest mean over training."""


def choose_learning_rate(run: RunCurves, rule: Rule) -> float:
    """Returns the best learning rate of a run.

    What is compared is the mean trial return over the seeds. A member that was stopped counts,
    wherever it has no evaluation, as the lowest trial return seen in the run.

    **Arguments:**

    - `run`: the curves of its members.
    - `rule`: what is compared.
    """
    lowest = min(float(member.trial_returns.min()) for member in run.members)
    evaluations = max(len(member.frames) for member in run.members)

    def over_training(member: MemberCurve) -> float:
        missing = evaluations - len(member.frames) if member.stopped else 0
        total = float(member.trial_returns.sum()) + missing * lowest
        return total / (len(member.frames) + missing)

    def merit(rate: float) -> tuple[float, ...]:
        members = run.members_at(rate)
        whole = float(np.mean([over_training(member) for member in members]))
        if rule == "published":
            return (whole,)
        final = [lowest if member.stopped else member.trial_returns[-1] for member in members]
        return float(np.mean(final)), whole

    return max(run.learning_rates, key=merit)
