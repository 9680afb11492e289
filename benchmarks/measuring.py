"""How everything is measured here: in turn, as medians, beside what the machine can do just then.

Machines are shared and their speed drifts. So whatever is compared takes turns, call by call, and
the machine's own rates are measured in the same turns: the operations per second of one large
product, and the bytes per second of one large copy. A floor is counted work over these rates.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp


@dataclass(frozen=True)
class Work:
    """What a computation must do at the least."""

    operations: float = 0.0
    """Additions and multiplications of its matrix products; others are not counted."""
    bytes: float = 0.0
    """What must be read and written, were nothing in between ever stored."""

    def times(self, number: float) -> "Work":
        """The same so many times."""
        return Work(self.operations * number, self.bytes * number)

    def plus(self, other: "Work") -> "Work":
        """Both at once."""
        return Work(self.operations + other.operations, self.bytes + other.bytes)


@dataclass(frozen=True)
class Rates:
    """What the machine can do."""

    peak: float
    """Operations per second of one large product."""
    bandwidth: float
    """Bytes per second of one large copy, read and written."""

    def floor(self, phases: Iterable[Work]) -> float:
        """The least number of seconds for phases one after the other, each bound by the slower of
        its products and its memory."""
        return sum(max(work.operations / self.peak, work.bytes / self.bandwidth) for work in phases)


@dataclass(frozen=True)
class Measured:
    """What turns were measured to take."""

    seconds: dict[str, list[float]]
    """Of every call, by name, turn by turn."""
    rates: Rates
    """Medians of the same turns."""

    def median(self, name: str) -> float:
        """Seconds of a call."""
        return statistics.median(self.seconds[name])


def in_turn(calls: Mapping[str, Callable[[], Any]], repeats: int) -> Measured:
    """Times calls in turn, beside the machine's rates.

    Every call is made once before, so that compilation does not count.

    **Arguments:**

    - `calls`: what to time; each returns arrays, or waits for them itself.
    - `repeats`: how many turns, at least 1.
    """
    for call in calls.values():
        jax.block_until_ready(call())
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    peaks, bandwidths = [], []
    for _ in range(repeats):
        peaks.append(measure_peak())
        bandwidths.append(measure_bandwidth())
        for name, call in calls.items():
            seconds[name].append(timed(call))
    return Measured(seconds, Rates(statistics.median(peaks), statistics.median(bandwidths)))


def timed(call: Callable[[], Any]) -> float:
    """Seconds of one call, until its arrays are there."""
    start = time.perf_counter()
    jax.block_until_ready(call())
    return time.perf_counter() - start


def measure_peak(tries: int = 3) -> float:
    """Operations per second of one large product, of the precision that is set: the best try."""
    size = 2048 if jax.default_backend() == "cpu" else 8192
    matrix = jnp.full((size, size), 0.5)
    jax.block_until_ready(_product(matrix))
    return 2 * size**3 / min(timed(lambda: _product(matrix)) for _ in range(tries))


def measure_bandwidth(tries: int = 3) -> float:
    """Bytes per second of one large copy, read and written: the best try."""
    array = jnp.zeros(2**24 if jax.default_backend() == "cpu" else 2**27)
    jax.block_until_ready(_copy(array))
    return 2 * array.nbytes / min(timed(lambda: _copy(array)) for _ in range(tries))


def describe_machine() -> dict[str, Any]:
    """The device, and the versions of what runs on it."""
    return {
        "device": jax.devices()[0].device_kind,
        "backend": jax.default_backend(),
        "machine": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "python": platform.python_version(),
        "jax": jax.__version__,
    }


@jax.jit
def _product(a):
    return a @ a


@jax.jit
def _copy(a):
    return a + 1
