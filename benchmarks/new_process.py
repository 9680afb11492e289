"""One update in a process of its own, watched: what compiles, how long, and how much memory.

    python benchmarks/new_process.py < settings.json

Reads settings as JSON, prints what `Observed` holds as JSON on its last line.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_COMPILED = "/jax/core/compile/backend_compile_duration"


@dataclass(frozen=True)
class Observed:
    """What was seen; times in seconds, without the process's own start."""

    imports: float
    """Importing everything and finding the device."""
    initialisation: float
    """Building all, tracing, compiling and running the initial state."""
    compilation: float
    """Tracing and compiling an update, or getting it from the cache; running it is subtracted."""
    evaluation: float
    """Tracing, compiling and running an evaluation."""
    compiled_again: int
    """How many programs a second update and evaluation compiled, with equal shapes."""
    peak_bytes: int
    """The largest amount of memory held at once."""
    peak_of: str
    """What that is counted of."""
    state_bytes: int
    """Of the state between two updates."""
    temporary_bytes: int | None
    """What the compiled update asks for beside its state; None where XLA does not tell."""


def observe(settings: Any, cache: Path | None) -> Observed:
    """Trains two updates in a new process.

    **Arguments:**

    - `settings`: of a training.
    - `cache`: the folder that compiled programs are kept in; None for the user's.

    **Raises:** `RuntimeError` if the process fails, with the end of what it said.
    """
    from splagger.foundation.settings import to_dictionary

    environment = dict(os.environ)
    # This process may hold most of a GPU's memory already.
    environment["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    if cache is not None:
        environment["JAX_COMPILATION_CACHE_DIR"] = str(cache)
        environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.1"
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps(to_dictionary(settings)),
        capture_output=True,
        text=True,
        env=environment,
    )
    if done.returncode:
        raise RuntimeError(f"a training in a new process failed: {done.stderr[-500:]}")
    return Observed(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Observes this process."""
    start = time.perf_counter()
    import jax
    from case import Case

    from splagger.foundation.precision import matrix_product_precision
    from splagger.foundation.settings import from_dictionary
    from splagger.learning.sweep import evaluate_members
    from splagger.training.compilation_cache import enable_compilation_cache

    enable_compilation_cache()
    jax.devices()
    settings = from_dictionary(json.loads(sys.stdin.read()))
    case = Case(settings, 1)
    imported = time.perf_counter()
    with matrix_product_precision(settings.precision):
        state = jax.block_until_ready(case.start())
        initialised = time.perf_counter()
        state_bytes = sum(leaf.nbytes for leaf in jax.tree.leaves(state))
        state, _ = jax.block_until_ready(case.sweep.update(state))
        updated = time.perf_counter()
        temporary = _largest_temporary()
        state, _ = jax.block_until_ready(case.sweep.update(state))
        again = time.perf_counter()
        keys = jax.random.split(jax.random.key(0), case.members)

        def evaluate(keys):
            return jax.block_until_ready(
                evaluate_members(
                    state.agent,
                    case.learner.trial,
                    keys,
                    tasks=settings.evaluation_tasks,
                    method=case.sweep.method,
                )
            )

        evaluate(keys)
        evaluated = time.perf_counter()
        other = jax.random.split(keys[0], case.members)
        with _counted() as compiled:
            state, _ = jax.block_until_ready(case.sweep.update(state))
            evaluate(other)
    peak, peak_of = _peak()
    observed = Observed(
        imports=imported - start,
        initialisation=initialised - imported,
        # The first update runs as long as the second.
        compilation=2 * updated - initialised - again,
        evaluation=evaluated - again,
        compiled_again=len(compiled),
        peak_bytes=peak,
        peak_of=peak_of,
        state_bytes=state_bytes,
        temporary_bytes=temporary,
    )
    print(json.dumps(asdict(observed)))


@contextmanager
def _counted() -> Iterator[list[str]]:
    """A list that gets an entry for every program compiled in this context."""
    import jax

    found: list[str] = []

    def listen(event: str, duration_secs: float, **details: str | int) -> None:
        if event == _COMPILED:
            found.append(str(details))

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield found
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


def _largest_temporary() -> int | None:
    """The most memory that one of the programs so far asks for beside inputs and outputs."""
    import jax

    sizes = [
        program.get_compiled_memory_stats().temp_size_in_bytes
        for program in jax.devices()[0].client.live_executables()
    ]
    return max(sizes, default=None)


def _peak() -> tuple[int, str]:
    """The largest amount of memory held so far, and whose it is."""
    import jax

    statistics = jax.devices()[0].memory_stats()
    if statistics and "peak_bytes_in_use" in statistics:
        return statistics["peak_bytes_in_use"], "peak of the device's memory"
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return peak, "peak of the whole process: Python, libraries and compiling included"


if __name__ == "__main__":
    main()
