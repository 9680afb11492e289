"""Rollouts alone: acting, environments and memory, nothing learnt."""

from collections.abc import Iterator

from case import Case
from measuring import in_turn
from rows import Row


def measure(case: Case) -> Iterator[Row]:
    """One row: a rollout of all members."""
    measured = in_turn({"rollout": lambda: case.rollout(case.state)}, case.repeats)
    yield case.row(
        measured,
        "rollout",
        case.sizes,
        [case.work.acting],
        frames=case.frames,
        remark="weights are counted as read once, not at each of the T steps, which wait for "
        "each other",
    )
