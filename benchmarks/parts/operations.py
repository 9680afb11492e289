"""The compiled operations that an update spends its time in, by jax's profiler.

An operation inside a loop counts in all its turns. On a CPU, operations that are handed to threads
count for the calling thread alone: the shares of large products are estimates.
"""

from collections import defaultdict
from collections.abc import Iterator

from case import Case
from compiled_programs import operations_of
from rows import Row
from tracing import operation_seconds

SHOWN = 8
"""How many operations of each kind."""


def measure(case: Case) -> Iterator[Row]:
    """For each kind of operation a row, and rows for the largest of it."""
    update = case.updates()
    update()
    seconds = operation_seconds(update)
    total = sum(seconds.values())
    programs = {name.split("/")[0] for name in seconds}
    operations = {
        f"{program}/{name}": operation
        for program in programs
        for name, operation in operations_of(program).items()
    }
    kinds: dict[str, list[str]] = defaultdict(list)
    for name in sorted(seconds, key=seconds.__getitem__, reverse=True):
        kinds[operations[name].kind if name in operations else "unknown"].append(name)
    for kind, names in kinds.items():
        yield _row(f"all {kind}", "in an update", sum(seconds[name] for name in names), total)
        for name in names[:SHOWN]:
            its = operations.get(name)
            what = "" if its is None else f"{its.shape}, {its.source}, {its.place}"
            yield _row(name, what, seconds[name], total)


def _row(name: str, what: str, seconds: float, total: float) -> Row:
    share = f"{100 * seconds / total:.1f} % of all operations"
    return Row(name=name, what=what, milliseconds=1000 * seconds, remark=share)
