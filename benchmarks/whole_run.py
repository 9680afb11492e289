"""A whole training as a user starts it, and how much of its time was compilation.

    .venv/bin/python benchmarks/whole_run.py train t-maze-long-noise --recipe paper --out RUN ...

What follows the file's name is a command line of `splagger`. Evaluations, checkpoints, tables and
figures count. Compilation is what jax reports of tracing, lowering and compiling, which the run
waits for; a second run with `JAX_COMPILATION_CACHE_DIR` unchanged shows it from the cache.
"""

import json
import sys
import time
from collections import Counter, defaultdict

import jax

from splagger.cli import main


def measure(words: list[str]) -> dict[str, object]:
    """Runs a command line, and says how long it took."""
    seconds, events = defaultdict(float), Counter()

    def add(event: str, duration_secs: float, **_: str | int) -> None:
        seconds[event] += duration_secs

    def count(event: str, **_: str | int) -> None:
        events[event] += 1

    jax.monitoring.register_event_duration_secs_listener(add)
    jax.monitoring.register_event_listener(count)
    start = time.perf_counter()
    status = main(words)
    whole = time.perf_counter() - start
    compilation = sum(
        value for name, value in seconds.items() if name.startswith("/jax/core/compile/")
    )
    peak = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    return {
        "command": words,
        "exit status": status,
        "device": jax.devices()[0].device_kind,
        "devices": jax.device_count(),
        "seconds": whole,
        "seconds of compilation": compilation,
        "seconds without compilation": whole - compilation,
        "programs from the cache": events["/jax/compilation_cache/cache_hits"],
        "programs compiled anew": events["/jax/compilation_cache/cache_misses"],
        "peak memory, GB": None if peak is None else peak / 1e9,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1:]), indent=2))
