"""Counting the programs that jax compiles."""

from collections.abc import Iterator
from contextlib import contextmanager

import jax

_EVENT = "/jax/core/compile/backend_compile_duration"


@contextmanager
def compilations() -> Iterator[list[str]]:
    """A list that gets an entry for every program that is compiled in this context.

    A program that comes from the persistent cache counts as well.
    """
    found: list[str] = []

    def listen(event: str, duration_secs: float, **details: str | int) -> None:
        if event == _EVENT:
            found.append(str(details))

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield found
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
