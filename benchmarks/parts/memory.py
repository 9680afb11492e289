"""Memory of training in a process that does nothing else."""

from collections.abc import Iterator

from case import Case
from new_process import observe
from rows import Row


def measure(case: Case) -> Iterator[Row]:
    """Rows for the whole process or device, and for what the compiled update asks for."""
    it = observe(case.settings, None)
    kind = case.settings.learning.minibatch_kind
    what = f"{case.sizes}, updates with minibatches of {kind}"
    yield Row(
        name="memory, peak",
        what=what,
        milliseconds=None,
        megabytes=it.peak_bytes / 1e6,
        remark=it.peak_of,
    )
    yield Row(
        name="memory, state",
        what=f"{case.sizes}, networks, optimisers, environments",
        milliseconds=None,
        megabytes=it.state_bytes / 1e6,
    )
    if it.temporary_bytes is not None:
        yield Row(
            name="memory, temporary",
            what=what,
            milliseconds=None,
            megabytes=it.temporary_bytes / 1e6,
            remark="what the compiled update asks for beside the state, by XLA's own analysis",
        )
