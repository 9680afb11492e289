"""What the operations of compiled programs took, by jax's profiler."""

import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax

_ON_HOST = "python"


def operation_seconds(call: Callable[[], Any]) -> dict[str, float]:
    """Seconds that every operation took in one call, by its name in the compiled program.

    Time within loops counts for what is in them. Operations that run side by side each count in
    full, so the sum may exceed the call's own time.
    """
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            jax.block_until_ready(call())
        (file,) = Path(folder).rglob("*.xplane.pb")
        data = jax.profiler.ProfileData.from_file(str(file))
        seconds: dict[str, float] = defaultdict(float)
        for plane in data.planes:
            for line in plane.lines:
                if _ON_HOST not in line.name:
                    _add_line(line, seconds)
    return dict(seconds)


def _add_line(line: Any, seconds: dict[str, float]) -> None:
    """Adds the operations of one thread or stream, each without what is nested in it."""
    events = []
    for event in line.events:
        names = dict(event.stats)
        if "hlo_op" in names:
            name = f"{names.get('hlo_module', '')}/{names['hlo_op']}"
            events.append((event.start_ns, -event.duration_ns, name))
    open_until: list[tuple[float, str]] = []
    for start, minus_duration, name in sorted(events):
        while open_until and start >= open_until[-1][0]:
            open_until.pop()
        if open_until:
            seconds[open_until[-1][1]] += minus_duration / 1e9
        seconds[name] -= minus_duration / 1e9
        open_until.append((start - minus_duration, name))
