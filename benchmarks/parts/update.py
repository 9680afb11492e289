"""Whole updates: a rollout and all learning from it."""

from collections.abc import Iterator

from case import Case
from measuring import in_turn
from rows import Row

MODES = {"time-steps": "faithful", "environments": "fast"}
"""Faithful mode: the whole rollout is encoded anew for every minibatch, as published. Fast mode:
only the environments of the minibatch."""


def measure(case: Case) -> Iterator[Row]:
    """A row for the case's minibatches."""
    kind = case.settings.learning.minibatch_kind
    measured = in_turn({f"update, {MODES[kind]}": case.updates()}, case.repeats)
    yield case.row(
        measured,
        f"update, {MODES[kind]}",
        f"{case.sizes}, minibatches of {kind}",
        case.work.phases,
        frames=case.frames,
        remark=f"{case.work.operations / case.work.frames / 1e6:.1f} MFLOP a frame counted; "
        "evaluation and compilation not counted",
    )


def measure_both(case: Case) -> Iterator[Row]:
    """A row for each mode."""
    for kind in MODES:
        yield from measure(case.with_minibatches(kind))
