"""The compiled operations that an update spends its time in, by jax's profiler.

Names are those of the compiled program: `dot` is a matrix product, `transpose` and `copy` are what
they say, a fusion is named after what it joins. An operation inside a loop counts in all its turns.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

from case import Case
from rows import Row
from tracing import operation_seconds

SHOWN = 25


def measure(case: Case) -> Iterator[Row]:
    """Rows for kinds of operations, then for the largest operations."""
    update = case.updates()
    update()
    seconds = operation_seconds(update)
    total = sum(seconds.values())
    kinds: dict[str, float] = defaultdict(float)
    for name, its in seconds.items():
        kinds[re.sub(r"[.\d]+$", "", name.split("/")[-1])] += its
    for title, table in (("kind", kinds), ("operation", seconds)):
        largest = sorted(table.items(), key=lambda item: -item[1])[:SHOWN]
        for name, its in largest:
            yield Row(
                name=f"{title} {name}",
                what="all its turns in an update",
                milliseconds=1000 * its,
                remark=f"{100 * its / total:.1f} % of all operations",
            )
