"""One evaluation: a trial in each of a number of fresh tasks, the most likely actions."""

from collections.abc import Iterator

import jax
from case import Case
from measuring import in_turn
from rows import Row

from splagger.learning.sweep import evaluate_members


def measure(case: Case) -> Iterator[Row]:
    """One row: what training adds for every evaluation."""
    settings, trial = case.settings, case.learner.trial
    keys = jax.random.split(jax.random.key(0), case.members)
    agents = case.state.agent

    def call():
        return evaluate_members(
            agents, trial, keys, tasks=settings.evaluation_tasks, method=case.sweep.method
        )

    measured = in_turn({"evaluation": call}, case.repeats)
    frames = settings.evaluation_tasks * trial.max_steps
    yield case.row(
        measured,
        "evaluation",
        f"{settings.evaluation_tasks} tasks, {trial.max_steps} steps at the most, "
        f"every {settings.evaluation_interval} updates",
        [case.work.acting.times(frames / case.work.frames)],
        frames=case.members * frames,
        remark="counted as if every trial lasted as long as it may",
    )
