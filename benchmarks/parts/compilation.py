"""Compile time in a new process, without and with a filled cache."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from case import Case
from new_process import Observed, observe
from rows import Row


def measure(case: Case) -> Iterator[Row]:
    """Rows for the programs of a training, cold and cached."""
    with tempfile.TemporaryDirectory() as cache:
        cold = observe(case.settings, Path(cache))
        cached = observe(case.settings, Path(cache))
    for name, it in (("cold", cold), ("cached", cached)):
        yield Row(
            name=f"compilation, {name}",
            what=f"{case.sizes}, one update with minibatches of "
            f"{case.settings.learning.minibatch_kind}, in a new process",
            milliseconds=1000 * it.compilation,
            remark=_remark(it),
        )


def _remark(it: Observed) -> str:
    return (
        f"tracing and compiling of one update; initial state {it.initialisation:.1f} s, evaluation "
        f"{it.evaluation:.1f} s, imports and device {it.imports:.1f} s beside it; "
        f"programs compiled by a second update and evaluation, with other numbers and equal "
        f"shapes: {it.compiled_again}"
    )
