"""Environment steps with random actions, beside an environment that does nothing."""

from collections.abc import Iterator

from case import Case
from environment_steps import FLOOR, measure_steps
from rows import Row, spread

STEPS = 500
LARGE_BATCH = 4096


def measure(case: Case) -> Iterator[Row]:
    """Rows for as many environments as a rollout has, and for many."""
    small = case.members * case.settings.learning.environments
    for batch in sorted({small, LARGE_BATCH}):
        seconds = measure_steps(
            {"it": case.learner.trial, "nothing": FLOOR}, batch, STEPS, case.repeats
        )
        median = seconds.median("it")
        yield Row(
            name=f"environments, {batch}",
            what=f"{case.settings.environment}, {STEPS} steps, resets included",
            milliseconds=1000 * median,
            spread=spread(seconds.seconds["it"]),
            floor_ms=1000 * seconds.median("nothing"),
            frames_per_second=batch * STEPS / median,
            remark="the floor is the same scan with an environment that draws one number",
        )
